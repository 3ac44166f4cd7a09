import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Synthesized } from './synthesized.ts';

/** Instructions, with their continued lines joined and without comments. */
const instructions = readFileSync('functions/runner/Dockerfile', 'utf8')
  .split('\n')
  .filter((line) => !line.startsWith('#'))
  .join('\n')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)] as const);
const all = (name: string): string[] => instructions.flatMap(([each, rest]) => (each === name ? [rest] : []));

describe("the runner's Dockerfile", () => {
  it('holds known instructions alone, and begins from images of a named version', () => {
    expect(new Set(instructions.map(([name]) => name))).toEqual(new Set(['FROM', 'RUN', 'COPY', 'ENV', 'CMD']));
    for (const image of all('FROM')) expect(image).toMatch(/^\S+:(?!latest)[\w.-]+( AS \w+)?$/);
  });

  it('installs Python packages by exact version, and leaves no cache of dnf or pip behind', () => {
    const runs = all('RUN').join('\n');
    const installed = [...runs.matchAll(/pip install(.*?)(?:&&|$)/gm)].map(([, rest = '']) => rest.trim().split(' '));
    expect(installed).not.toEqual([]);
    for (const words of installed) {
      expect(words).toContain('--no-cache-dir');
      expect(words.at(-1)).toMatch(/^[\w-]+==[\d.]+$/);
    }
    expect(runs).toMatch(/dnf install .*&& dnf clean all/);
    expect(runs).not.toMatch(/curl|wget/);
  });

  it('starts the entry of Lambda by itself, and that of tasks from where it copied it', () => {
    expect(all('CMD')).toEqual(['["index.handler"]']);
    expect(all('COPY').join('\n')).toMatch(/^app\/ .*LAMBDA_TASK_ROOT/m);
    const cloud = new Synthesized({
      workerGroups: [
        { name: 'default', tags: ['python3'] },
        { name: 'long', tags: ['long'], lane: 'fargate' },
      ],
    });
    const [container] = cloud.one('AWS::ECS::TaskDefinition', 'FargateTask').Properties.ContainerDefinitions;
    // LAMBDA_TASK_ROOT of the base image.
    expect(container.Command).toEqual(['/var/task/task.mjs']);
  });
});
