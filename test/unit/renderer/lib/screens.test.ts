import { describe, expect, it } from 'vitest';
import { diagnosticsText, foreignAddresses } from '../../../../renderer/lib/systemView.ts';

describe('the System page', () => {
  it('tells files of this place from others', () => {
    const origin = 'http://127.0.0.1:8617';
    const own = [`${origin}/assets/a.js`, './b.css', 'blob:http://127.0.0.1:8617/x', 'data:,x'];
    expect(foreignAddresses(own, origin)).toEqual([]);
    const foreign = ['https://fonts.example/inter.woff2', 'http://127.0.0.1:9000/x'];
    expect(foreignAddresses([...own, ...foreign], origin)).toEqual(foreign);
  });

  it('copies numbers and checks, and no name of what a person has', () => {
    const text = diagnosticsText(
      {
        version: '0.1.0',
        node: 'v24.0.0',
        platform: 'linux x64',
        home: '/home/mira/notes of patients',
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
});
