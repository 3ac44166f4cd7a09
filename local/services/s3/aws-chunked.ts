import { AwsError } from '../aws-error.ts';

const broken = (): AwsError => new AwsError('IncompleteBody', 400, 'The request body terminated unexpectedly');

const lineEnd = (body: Buffer, from: number): number => {
  const end = body.indexOf('\r\n', from);
  if (end < 0) throw broken();
  return end;
};

const trailersOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );

/** Takes apart a body of `content-encoding: aws-chunked`: sized chunks, then trailers such as the checksum. */
export const decodeAwsChunked = (body: Buffer): { data: Buffer; trailers: Record<string, string> } => {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = lineEnd(body, at);
    const [size = ''] = body.toString('latin1', at, end).split(';');
    if (!/^[0-9a-f]+$/i.test(size)) throw broken();
    const length = Number.parseInt(size, 16);
    at = end + 2;
    if (length === 0) return { data: Buffer.concat(chunks), trailers: trailersOf(body.toString('latin1', at)) };
    if (at + length + 2 > body.length) throw broken();
    chunks.push(body.subarray(at, at + length));
    at += length + 2;
  }
};
