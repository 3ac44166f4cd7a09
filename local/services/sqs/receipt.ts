import { AwsError } from '../aws-error.ts';

/** Which receive of which message a receipt handle stands for. */
export type Receipt = { row: number; receives: number };

export const writeReceipt = (queue: string, receipt: Receipt): string =>
  Buffer.from(`${queue}/${receipt.row}/${receipt.receives}`).toString('base64url');

/** Reads a receipt handle; refuses one that was never given out by this queue. */
export const readReceipt = (queue: string, handle: string): Receipt => {
  const [name, row, receives] = Buffer.from(handle, 'base64url').toString('utf8').split('/');
  const receipt = { row: Number(row), receives: Number(receives) };
  if (name === queue && Number.isInteger(receipt.row) && Number.isInteger(receipt.receives)) return receipt;
  throw new AwsError(
    'ReceiptHandleIsInvalid',
    400,
    `The input receipt handle "${handle}" is not a valid receipt handle.`,
  );
};
