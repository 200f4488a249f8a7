import { describe, expect, it } from 'vitest';
import { CONTENT_SECURITY_POLICY } from '../../../../core/screens/headers.ts';
import { isClosedPolicy } from '../../../../renderer/lib/pagePolicy.ts';
import {
  connectionsSentence,
  countedItems,
  diagnosticsText,
  foreignAddresses,
  itemAddress,
  offlineVerdict,
} from '../../../../renderer/lib/systemView.ts';

describe('the System page', () => {
  it('tells files of this place from others', () => {
    const origin = 'http://127.0.0.1:8617';
    const own = [`${origin}/assets/a.js`, './b.css', 'blob:http://127.0.0.1:8617/x', 'data:,x'];
    expect(foreignAddresses(own, origin)).toEqual([]);
    const foreign = ['https://fonts.example/inter.woff2', 'http://127.0.0.1:9000/x'];
    expect(foreignAddresses([...own, ...foreign], origin)).toEqual(foreign);
  });

  it('trusts a policy that names no other place, and no other', () => {
    expect(isClosedPolicy(CONTENT_SECURITY_POLICY)).toBe(true);
    expect(isClosedPolicy("default-src 'self'; img-src 'self' data:; form-action 'none'")).toBe(
      true,
    );
    const open = [
      '',
      "script-src 'self'; form-action 'none'",
      "default-src 'none'",
      "default-src *; form-action 'none'",
      "default-src 'none'; img-src https:; form-action 'none'",
      "default-src 'none'; connect-src 'self' *.example.org; form-action 'none'",
      "default-src 'none'; form-action 'none'; report-uri https://example.org/csp",
    ];
    expect(open.filter(isClosedPolicy)).toEqual([]);
  });

  it('copies numbers and checks, and no name of what a person has', () => {
    const text = diagnosticsText(
      {
        version: '0.1.0',
        node: 'v24.0.0',
        platform: 'linux x64',
        home: '/home/mira/notes of patients',
        homeForCopies: '~/notes of patients',
        libraries: [{ name: 'SQLite', version: '3.50.0' }],
        homeBytes: 10,
        freeBytes: 20,
        cores: 2,
        memoryBytes: 30,
        databaseProblem: null,
        engines: [{ name: 'cpu', available: true, detail: 'The check passed.' }],
        counts: { models: 1, corpora: 2, projects: 3, runs: 4 },
      },
      'Chromium',
    );
    expect(text).toContain('Engine cpu: available; The check passed.');
    expect(text).toContain('1 models, 2 corpora, 3 projects, 4 runs');
    expect(text).not.toContain('mira');
  });

  it('counts what it lists, and links to what has a screen', () => {
    expect(countedItems('corpora', 1)).toBe('1 corpus');
    expect(countedItems('corpora', 1200)).toBe('1,200 corpora');
    expect(countedItems('backups', 2)).toBe('2 copies');
    expect(countedItems('other', 0)).toBe('');
    const item = { id: 'x', name: 'x', bytes: 1 };
    expect(itemAddress({ kind: 'run', ...item })).toBe('#/runs/x');
    expect(itemAddress({ kind: 'fisher', ...item })).toBeUndefined();
  });

  it('claims that nothing leaves the machine only where every check says so', () => {
    const good = { foreignSockets: 0, foreignFiles: 0, isClosed: true };
    expect(offlineVerdict(good)).toMatchObject({
      isGood: true,
      title: 'Nothing leaves this machine',
    });
    for (const bad of [{ foreignSockets: 1 }, { foreignFiles: 2 }, { isClosed: false }]) {
      const { isGood, title, text } = offlineVerdict({ ...good, ...bad });
      expect([isGood, title]).toEqual([false, 'Something may leave this machine']);
      expect(text).not.toContain('opens no connection');
    }
    for (const unseen of [{ foreignSockets: undefined }, { isClosed: undefined }]) {
      expect(offlineVerdict({ ...good, ...unseen })).toMatchObject({
        isGood: undefined,
        title: 'Offline',
      });
    }
  });

  it('says what the system shows of connections, and nothing where it shows none', () => {
    const checked = { checkedAt: '2026-01-01T00:00:00Z', processes: [1, 2], command: 'ss' };
    const sockets = { local: 3, foreign: [] };
    expect(connectionsSentence({ ...checked, sockets })).toBe(
      'No connection to another machine: 3 sockets within this one, in 2 processes.',
    );
    const foreign = [{ pid: 1, protocol: 'tcp', address: '192.0.2.1, port 443' }];
    expect(connectionsSentence({ ...checked, sockets: { local: 3, foreign } })).toMatch(
      /^1 connection to other machines/,
    );
    expect(connectionsSentence({ ...checked, sockets: null })).toBeUndefined();
  });
});
