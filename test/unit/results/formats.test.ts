import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { intervalNote } from '../../../core/results/cells.ts';
import { resultsCsv } from '../../../core/results/csv.ts';
import { latexText, resultsLatex } from '../../../core/results/latex.ts';
import { resultsMarkdown } from '../../../core/results/markdown.ts';
import { describeProjectResults } from '../../../core/headless/results.ts';
import { ewcChoice, paperRows, projectResults, row } from '../../fixtures/results.ts';

const RESULTS = projectResults(paperRows(), { choices: [ewcChoice()], unfinished: 2 });

function csv(text: string): Record<string, string>[] {
  return parse(text, { columns: true, relax_column_count: false });
}

describe('CSV', () => {
  it('has every number in full, one header, and lines as RFC 4180 has them', () => {
    const third = row('sdt', 1 / 3, 0.1 + 0.2, { deviation: 1e-9 });
    const text = resultsCsv(projectResults([third]));
    expect(text.split('\r\n')).toHaveLength(3);
    const [record] = csv(text);
    expect(Number(record['forgetting_mean'])).toBe(1 / 3);
    expect(Number(record['gain_mean'])).toBe(0.1 + 0.2);
    expect(Number(record['gain_sd'])).toBe(1e-9);
    expect(record).toMatchObject({ strategy: 'sdt', n: '3', seeds: '1 2 3', pareto: 'true' });
    expect(record).toMatchObject({ source_documents: '59', target_documents: '1727' });
  });

  it('leaves empty what a row has not', () => {
    const [base] = csv(resultsCsv(RESULTS));
    expect(base).toMatchObject({ strategy: 'ndt', settings: '', forgetting_low: '' });
    expect(base).toMatchObject({ source_nll_sd: '', relative_time: '', forgetting_mean: '0' });
  });

  it('quotes what needs it and lets no text be taken for a formula', () => {
    const hostile = ['=1+1', '+a', '-a', '@a', '\ta', 'a,"b"\r\nc'];
    const rows = hostile.map((settings) => row('ewc', 0.1, 0.1, { settings }));
    expect(csv(resultsCsv(projectResults(rows))).map(({ settings }) => settings)).toEqual([
      ...["'=1+1", "'+a", "'-a", "'@a", "'\ta"],
      'a,"b"\r\nc',
    ]);
    // A negative number is no text.
    expect(csv(resultsCsv(projectResults([row('l2', -0.5, -0.25)])))).toMatchObject([
      { forgetting_mean: '-0.5', gain_mean: '-0.25' },
    ]);
  });

  it('of no rows is the header', () => {
    expect(resultsCsv(projectResults([]))).toMatch(/^strategy,settings,split,n,[^\r\n]+\r\n$/);
    expect(resultsCsv(projectResults([])).trimEnd()).toBe(resultsCsv(RESULTS).split('\r\n')[0]);
  });
});

describe('Markdown', () => {
  const text = resultsMarkdown(RESULTS);

  it('is a pipe table whose lines have as many cells', () => {
    const lines = text.split('\n').filter((line) => line.startsWith('|'));
    expect(lines).toHaveLength(2 + RESULTS.rows.length);
    for (const line of lines) expect(line.split(/(?<!\\)\|/)).toHaveLength(10);
    expect(lines[3]).toBe(
      '| SDT ◆ | – | 3 | 3.901 ± 0.012 | 3.377 ± 0.012 | +0.489 ± 0.012 | +0.731 ± 0.012 | 1.00× |',
    );
    expect(lines[5]).toContain('| +0.005 ± 0.008 † |');
  });

  it('explains its marks, its choices and what is missing', () => {
    expect(text).toContain('◆ Pareto front');
    expect(text).toContain('† The 95 % interval includes zero');
    expect(text).toContain('EWC: λ 100 chosen of 10, 100, 1,000 on validation');
    expect(text).toContain('2 runs have not completed');
    expect(text).not.toContain('**');
  });

  it('escapes what would be markup', () => {
    const project = { id: 'project-aaaaaaaaaa', name: 'a|b_c*<img src=x>[`' };
    const hostile = resultsMarkdown(
      projectResults([row('ewc', 0.1, 0.1, { settings: 'x | y' })], { project }),
    );
    expect(hostile).toContain('a\\|b\\_c\\*\\<img src=x\\>\\[\\`:');
    expect(hostile).toContain('| x \\| y |');
  });

  it('of no rows says what to do', () => {
    expect(resultsMarkdown(projectResults([]))).toBe(
      'Project "pilot" has no completed runs yet. Run its project file with "palimpsest run".\n',
    );
  });
});

describe('LaTeX', () => {
  const text = resultsLatex(RESULTS);

  it('is a booktabs tabular with a comment on units and split', () => {
    expect(text).toMatch(/^% pilot .*: Nats a masked token on the test split, mean ± sample/);
    expect(text).toContain('\\begin{tabular}{llrrrrrr}\n  \\toprule\n');
    expect(text).toContain(
      '  SDT$^{\\star}$ & -- & 3 & $3.901 \\pm 0.012$ & $3.377 \\pm 0.012$ & ' +
        '$+0.489 \\pm 0.012$ & $+0.731 \\pm 0.012$ & $1.00\\times$ \\\\\n',
    );
    expect(text).toContain('$+0.005 \\pm 0.008$\\rlap{$^{\\dagger}$}');
    expect(text).toMatch(/\\bottomrule\n\\end\{tabular\}\n$/);
    const lines = text.split('\n').filter((line) => line.endsWith('\\\\'));
    for (const line of lines) expect(line.split(/(?<!\\)&/)).toHaveLength(8);
  });

  it('writes nothing outside ASCII but in comments', () => {
    const body = text
      .split('\n')
      .filter((line) => !line.startsWith('%'))
      .join('\n');
    expect(body).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it('escapes what LaTeX would take for a command', () => {
    expect(latexText('a_b%c&d#e$f{g}~^\\')).toBe(
      'a\\_b\\%c\\&d\\#e\\$f\\{g\\}\\textasciitilde{}\\textasciicircum{}\\textbackslash{}',
    );
    expect(latexText('SDT α 0.3, λ 1')).toBe('SDT $\\alpha$ 0.3, $\\lambda$ 1');
    const project = { id: 'project-aaaaaaaaaa', name: 'a\n\\input{/etc/passwd}' };
    expect(resultsLatex(projectResults(paperRows(), { project }))).toMatch(
      /^% a \\input\{\/etc\/passwd\} /,
    );
  });

  it('of no rows is a comment', () => {
    expect(resultsLatex(projectResults([]))).toMatch(/^% Project "pilot" has no [^\n]+\n$/);
  });
});

describe('every format', () => {
  it('has the same numbers up to rounding', () => {
    const records = csv(resultsCsv(RESULTS));
    const markdown = resultsMarkdown(RESULTS).split('\n').slice(4);
    const latex = resultsLatex(RESULTS)
      .split('\n')
      .filter((line) => line.endsWith('\\\\'))
      .slice(1);
    const people = describeProjectResults(RESULTS).split('\n').slice(2);
    const numbers = (line: string): string[] =>
      line.replaceAll('−', '-').match(/[+-]?\d+\.\d{3}/g) ?? [];
    for (const [index, record] of records.entries()) {
      const expected = ['source_nll', 'target_nll', 'forgetting', 'gain'].flatMap((name) => {
        const isBase = record['strategy'] === 'ndt';
        const isDifference = name === 'forgetting' || name === 'gain';
        if (isBase && isDifference) return [];
        const mean = Number(record[`${name}_mean`]).toFixed(3);
        const deviation = record[`${name}_sd`];
        return [
          isDifference ? `+${mean}` : mean,
          ...(deviation === '' ? [] : [Number(deviation).toFixed(3)]),
        ];
      });
      for (const lines of [markdown, latex, people]) {
        expect(numbers(lines[index] ?? '')).toEqual(expected);
      }
    }
  });
});

describe('the note on intervals', () => {
  const one = row('sdt', 0.5, 0.7);
  const three = row('rh', 0.1, 0.6, { deviation: 0.01 });

  it('says of how many documents they are, and what one seed leaves open', () => {
    expect(intervalNote(projectResults([one]))).toBe(
      'Intervals: 95 %, bootstrap over documents (59 source, 1,727 target) paired with the base ' +
        "model, 10,000 resamples, Student's t for the small number of documents. " +
        'One seed: they hold for these runs, not for other seeds.',
    );
    expect(intervalNote(projectResults([three]))).toMatch(/ documents and of seeds\.$/);
    expect(intervalNote(projectResults([one, three]))).toMatch(
      / of seeds\. Those of one seed hold for that run, not for other seeds\.$/,
    );
    expect(intervalNote(projectResults([row('ndt', 0, 0)]))).toBe('');
  });

  it('says in every format that too few documents show nothing', () => {
    const none = { estimate: 0.7, low: null, high: null, p: null };
    const results = projectResults([row('sdt', 0.5, 0.7, { gainInterval: none })], {
      sets: [
        { role: 'source', name: 'source', setHash: 'a', documents: 59 },
        { role: 'target', name: 'a', setHash: 'b', documents: 2 },
        { role: 'target', name: 'b', setHash: 'c', documents: 1 },
      ],
    });
    const sentence = 'With fewer than 6 documents there is no interval and no p';
    const people = describeProjectResults(results);
    for (const text of [resultsMarkdown(results), resultsLatex(results), people]) {
      expect(text).toContain('(59 source, 3 target)');
      expect(text).toContain(sentence);
    }
    expect(people).toMatch(/^◆ +SDT +1 +3\.912 +3\.408 +\+0\.500 +\+0\.700 † /m);
    expect(people).toMatch(/^SDT +\+0\.488 to \+0\.512 +< 0\.001 +– +–$/m);
    expect(resultsMarkdown(results)).toContain('| +0.700 † |');
    expect(csv(resultsCsv(results))).toMatchObject([
      { target_documents: '3', gain_low: '', gain_high: '', gain_p: '', gain_mean: '0.7' },
    ]);
  });
});

describe('the table for people', () => {
  const text = describeProjectResults(RESULTS);

  it('lines up, marks the front and what cannot be told from the base model', () => {
    expect(text).toContain(
      [
        'Nats a masked token on the test split, mean ± sample standard deviation over n seeds',
        '   strategy  λ     n     source NLL     target NLL      forgetting              gain  time a step',
        '◆  NDT       –     1  3.412          4.108               –                 –                    –',
        '◆  SDT       –     3  3.901 ± 0.012  3.377 ± 0.012  +0.489 ± 0.012    +0.731 ± 0.012        1.00×',
        '◆  RH        1     3  3.502 ± 0.010  3.402 ± 0.010  +0.090 ± 0.010    +0.706 ± 0.010        1.27×',
        '◆  L2        0.01  3  3.417 ± 0.008  3.898 ± 0.008  +0.005 ± 0.008 †  +0.210 ± 0.008        1.00×',
      ].join('\n'),
    );
  });

  it('lists intervals, choices and unfinished runs', () => {
    expect(text).toMatch(
      /^L2 +0\.01 +−0\.007 to \+0\.017 +< 0\.001 +\+0\.198 to \+0\.222 +< 0\.001$/m,
    );
    expect(text).toContain(
      '\nEWC: λ 100 chosen of 10, 100, 1,000 on validation, 300 steps, seed 1.\n',
    );
    expect(text).toContain(
      'Time a step: the median, relative to SDT, which took 0.352 s (its middle half 0.348 to 0.361 s)',
    );
    expect(text).toContain(
      '2 runs have not completed and are left out: palimpsest runs list --project project-aaaaaaaaaa',
    );
  });

  it('never says that something is better', () => {
    expect(text).not.toMatch(/better|best|\*\*|\u001b/);
  });

  it('leaves out columns and notes that would be empty', () => {
    const base = describeProjectResults(projectResults([row('ndt', 0, 0)]));
    expect(base).toBe(
      'Nats a masked token on the test split\n' +
        '   strategy  n  source NLL  target NLL  forgetting  gain\n' +
        '◆  NDT       1       3.412       4.108           –     –\n\n' +
        '◆ Pareto front: no other row forgets less and gains as much, or gains more and forgets as little.\n',
    );
  });
});
