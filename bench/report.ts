/** One line of a report. `ok` is absent where there is no target: the figure is told, not judged. */
export type Row = { what: string; measured: string; target?: string; ok?: boolean };

/** What one measurement found. Absolute times stand only beside a ratio taken in the same run. */
export type Report = { title: string; rows: Row[]; notes?: string[] };

const verdict = ({ ok }: Row): string => (ok === undefined ? '' : ok ? 'ok' : 'NOT MET');

/** A row judged by an upper bound; `show` gives the figure as text. */
export const atMost = (what: string, value: number, limit: number, show: (value: number) => string): Row => ({
  what,
  measured: show(value),
  target: `<= ${show(limit)}`,
  ok: value <= limit,
});

/** A row judged by a lower bound. */
export const atLeast = (what: string, value: number, limit: number, show: (value: number) => string): Row => ({
  what,
  measured: show(value),
  target: `>= ${show(limit)}`,
  ok: value >= limit,
});

export const ms = (value: number): string => `${value.toFixed(1)} ms`;
export const times = (value: number): string => `${value.toFixed(2)}x`;
export const perSecond = (value: number): string => `${value.toFixed(1)}/s`;
export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
/** SI, as AWS counts packages. */
export const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(0)} KB`;
export const plain = (value: number): string => value.toFixed(1).replace(/\.0$/, '');

/** The report as a text table, columns aligned. */
export const renderReport = ({ title, rows, notes = [] }: Report): string => {
  const cells = rows.map((row) => [row.what, row.measured, row.target ?? '', verdict(row)]);
  const all = [['', 'measured', 'target', ''], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  const lines = all.map((line) =>
    `  ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
  return [`\n${title}`, ...lines, ...notes.map((note) => `  - ${note}`)].join('\n');
};
