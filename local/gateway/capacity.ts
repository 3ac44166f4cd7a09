import type { Answer } from '../services/service.ts';

export type Capacity = { readUnits: number; writeUnits: number };

/** Takes the capacity a table reported out of the answer's private headers; they do not go to the caller. */
export const capacityOf = (answer: Answer): Capacity => {
  const take = (name: string): number => {
    const value = Number(answer.headers[name] ?? 0);
    delete answer.headers[name];
    return value;
  };
  return { readUnits: take('x-millrace-read-units'), writeUnits: take('x-millrace-write-units') };
};
