import { z } from 'zod';
import { contract, jsonAnswer, NoParams, NoQuery, noBody, textAnswer } from './contract.ts';

const fixed = { params: NoParams, query: NoQuery, body: noBody };

/** Windmill's CLI looks for `CE v1.` in the text. */
export const backendVersion = contract({
  id: 'backendVersion',
  method: 'GET',
  path: '/version',
  summary: 'The version of Millrace, and of the Windmill API it speaks',
  ...fixed,
  answer: textAnswer(200),
  access: { needs: 'nothing' },
});

export const health = contract({
  id: 'health',
  method: 'GET',
  path: '/health',
  summary: 'Answers while the API runs and reads its catalog',
  ...fixed,
  answer: jsonAnswer(200, z.object({ status: z.literal('ok') })),
  access: { needs: 'nothing' },
});

export const openApiDocument = contract({
  id: 'openApiDocument',
  method: 'GET',
  path: '/openapi.json',
  summary: 'This API as OpenAPI 3.1',
  ...fixed,
  answer: jsonAnswer(200, z.record(z.string(), z.unknown())),
  access: { needs: 'nothing' },
});

export const getDbClock = contract({
  id: 'getDbClock',
  method: 'GET',
  path: '/jobs/db_clock',
  summary: 'The clock that jobs are timed by, in milliseconds since 1970',
  ...fixed,
  answer: jsonAnswer(200, z.number()),
  access: { needs: 'login' },
});
