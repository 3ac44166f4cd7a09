import { describe } from 'vitest';
import { pythonFacts } from './python-facts.ts';
import { runIn, testEnvironment } from './run.ts';

describe('Python, an interpreter started for each job', () => {
  pythonFacts(runIn(testEnvironment()));
});
