import { expect, test } from 'vitest';
import { isAlive, type runIn } from './run.ts';

/** Everything a Python script can rely on, whichever way its interpreter is started. */
export const pythonFacts = (run: ReturnType<typeof runIn>): void => {
  const python = (code: string, args = {}, more = {}) => run('python3', code, args, more);

  test('only declared parameters are passed; defaults stand for what is missing or null', async () => {
    const code = 'def main(name: str, times: int = 1, *, loud=True):\n  return [name, times, loud]';
    const { result, end } = await python(code, { name: 'x', times: null, unknown: 1 });
    expect(result).toEqual(['x', 1, true]);
    expect(end.outcome).toBe('success');
    expect(end.memPeakKb).toBeGreaterThan(1000);
  });

  test('**kwargs takes everything, and the placeholder of a function call is left out', async () => {
    const { result } = await python('def main(a=0, **rest): return [a, rest]', { a: '<function call>', b: 2, c: [] });
    expect(result).toEqual([0, { b: 2, c: [] }]);
  });

  test('positional-only parameters, decorated functions and callable objects are called right', async () => {
    expect((await python('def main(a, /, b): return [a, b]', { b: 2, a: 1 })).result).toEqual([1, 2]);
    const wrapped =
      'import functools\ndef deco(f):\n  @functools.wraps(f)\n  def inner(*a, **k): return f(*a, **k)\n  return inner\n@deco\ndef main(x): return x';
    expect((await python(wrapped, { x: 5, y: 6 })).result).toBe(5);
    expect((await python('class M:\n  def __call__(self, x): return x\nmain = M()', { x: 7, y: 1 })).result).toBe(7);
  });

  test('bytes, datetime and date arguments are converted by their annotation', async () => {
    const code = `from datetime import date, datetime
from typing import Optional
def main(a: bytes, b: datetime, c: date, d: date, e: Optional[datetime] = None, f: "bytes | None" = None, g: list[bytes] = []):
  return [a.decode(), b.year, b.utcoffset().total_seconds(), c.isoformat(), d.isoformat(), e.hour, f.decode(), g[0].decode()]`;
    const args = {
      a: 'aGk=',
      b: '2026-11-24T10:00:00Z',
      c: '2026-11-24',
      d: '24-11-2026',
      e: '2026-11-24T10:00:00',
      f: 'aGk=',
      g: ['aGk='],
    };
    expect((await python(code, args)).result).toEqual(['hi', 2026, 0, '2026-11-24', '2026-11-24', 10, 'hi', 'hi']);
  });

  test('results become JSON: bytes, times, sets, NaN, odd keys and objects too, in the order of their keys', async () => {
    const code = `import datetime
class Odd:
  def __str__(self): return "odd"
def main():
  return {"z": b"hi", "a": datetime.date(2026, 1, 2), "n": float("nan"), "i": [float("inf")], (1, 2): 3, "o": Odd(), "t": (1, 2), "s": {4}, "u": "\\ud800é\\0"}`;
    const { result } = await python(code);
    expect(result).toEqual({
      z: 'aGk=',
      a: '2026-01-02',
      n: null,
      i: [null],
      '(1, 2)': 3,
      o: 'odd',
      t: [1, 2],
      s: [4],
      u: '\ud800é\0',
    });
    expect(Object.keys(Object(result)).slice(0, 3)).toEqual(['z', 'a', 'n']);
  });

  test('tables with to_dict become rows, generators become lists, async functions are awaited', async () => {
    const table =
      'class Frame:\n  columns = ["a"]\n  def to_dict(self, orient): return [{"a": 1, "by": orient}]\ndef main(): return Frame()';
    expect((await python(table)).result).toEqual([{ a: 1, by: 'records' }]);
    expect((await python('def main():\n  yield 1\n  yield b"hi"')).result).toEqual([1, 'aGk=']);
    expect(
      (await python('import asyncio\nasync def main(x):\n  await asyncio.sleep(0)\n  return x', { x: 3 })).result,
    ).toBe(3);
    expect((await python('async def main():\n  yield 1\n  yield 2')).result).toEqual([1, 2]);
  });

  test('a result that contains itself fails with words', async () => {
    const { error, end } = await python('def main():\n  a = []\n  a.append(a)\n  return a');
    expect(end.outcome).toBe('failure');
    expect(error.message).toContain('contains itself');
  });

  test('an exception tells its name, message, own attributes and the lines of the user alone', async () => {
    const code =
      'class Bad(Exception):\n  def __init__(self):\n    super().__init__("no good")\n    self.code = 42\n    self.odd = object()\ndef deep():\n  raise Bad()\ndef main():\n  deep()';
    const { error, end, log } = await python(code);
    expect(end.outcome).toBe('failure');
    expect(error).toMatchObject({ name: 'Bad', message: 'no good', code: 42 });
    expect(error.stack).toContain('File "main.py", line 7, in deep\n    raise Bad()');
    expect(error.stack).not.toMatch(/wrapper|server/);
    expect(log).toContain('line 9, in main');
  });

  test('an error in an async main has no frames of the event loop above it', async () => {
    const { error } = await python('async def main():\n  raise KeyError("k")');
    expect(error.name).toBe('KeyError');
    expect(error.stack).not.toContain('asyncio');
  });

  test('a syntax error names its line, a missing main and a missing argument say so', async () => {
    const syntax = await python('def main():\n  x = (\n');
    expect(syntax.error.name).toBe('SyntaxError');
    expect(syntax.error.message).toContain('main.py, line 2');
    const none = await python('x = 1');
    expect(none.error).toMatchObject({ name: 'NoMain', stack: '' });
    expect(none.error.message).toContain('no function named "main"');
    expect((await python('def main(name): pass')).error.message).toContain("'name'");
  });

  test('sys.exit is a failure unless it is 0, os._exit tells its code', async () => {
    expect((await python('import sys\ndef main(): sys.exit(0)')).end.outcome).toBe('success');
    expect((await python('import sys\ndef main(): sys.exit(3)')).error).toMatchObject({ message: 'exit code 3' });
    expect((await python('import sys\ndef main(): sys.exit("why")')).error.message).toBe('why');
    expect((await python('import os\ndef main():\n  print("last words")\n  os._exit(4)')).error.message).toContain(
      'exit code 4, last lines of the output:\nlast words',
    );
  });

  test('the module is not __main__, other entry points can be called, exit handlers and threads end first', async () => {
    const code = `import atexit, threading, time
def main(): return "main"
def other():
  atexit.register(lambda: print("handler"))
  threading.Thread(target=lambda: (time.sleep(0.05), print("thread"))).start()
  return __name__
if __name__ == "__main__": print("never")`;
    const { result, log } = await python(code, {}, { entrypoint: 'other' });
    expect(result).toBe('main');
    expect(log).toBe('thread\nhandler\n');
  });

  test('stdout and stderr keep their order, also of child processes', async () => {
    const code =
      'import sys, os\ndef main():\n  for n in range(50):\n    print(n, end=" ")\n    print("e", n, file=sys.stderr)\n  os.system("echo child; echo err >/dev/stderr")';
    const expected = Array.from({ length: 50 }, (_, n) => `${n} e ${n}\n`).join('');
    expect((await python(code)).log).toBe(`${expected}child\nerr\n`);
  });

  test('a job has the environment it was given and its own folder, and nothing else', async () => {
    const code =
      'import os, sys\ndef main(): return [dict(os.environ), os.getcwd(), sys.stdin.read(), sys.argv, os.getsid(0) == os.getpid()]';
    const { result } = await python(code, {}, { env: { WM_JOB_ID: 'j', TZ: 'Europe/Paris' } });
    const [env, cwd, stdin, argv, leads] = result as [Record<string, string>, string, string, string[], boolean];
    expect(
      Object.keys(env)
        .filter((name) => name !== 'LC_CTYPE')
        .toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['HOME', 'LANG', 'PATH', 'TMPDIR', 'TZ', 'WM_JOB_ID']);
    expect(env).toMatchObject({ HOME: cwd, TMPDIR: `${cwd}/tmp`, TZ: 'Europe/Paris', WM_JOB_ID: 'j' });
    expect([stdin, argv, leads]).toEqual(['', ['main.py'], true]);
  });

  test('sub-processes of multiprocessing find the functions of the script', async () => {
    const code = `import multiprocessing
def twice(x): return x * 2
def main():
  with multiprocessing.get_context("spawn").Pool(1) as pool: return pool.map(twice, [1, 2])`;
    expect((await python(code)).result).toEqual([2, 4]);
  });

  test('memory that runs out is an error like any other, and the next job runs', async () => {
    const code =
      'import resource\ndef main():\n  resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000))\n  return len("x" * 10**9)';
    expect((await python(code)).error.name).toBe('MemoryError');
    expect((await python('def main(): return 1')).result).toBe(1);
  });

  test('a death by signal names it; SIGKILL may mean memory', async () => {
    const death = (name: string) => python(`import os, signal\ndef main(): os.kill(os.getpid(), signal.${name})`);
    expect((await death('SIGSEGV')).error).toMatchObject({ name: 'ExitSignal', signal: 'SIGSEGV' });
    expect((await death('SIGKILL')).error.message).toContain('possibly out of memory');
  });

  test('a timeout kills what the job started, and its output until then is kept', async () => {
    const code =
      'import subprocess, time\ndef main():\n  p = subprocess.Popen(["sleep", "60"])\n  print(p.pid, flush=True)\n  time.sleep(60)';
    const { end, log, result } = await python(code, {}, { timeoutMs: 600 });
    expect(end.outcome).toBe('timeout');
    expect(result).toBeUndefined();
    expect(Number(log)).toBeGreaterThan(1);
    expect(isAlive(Number(log))).toBe(false);
  });

  test('a daemon that left its group, session and environment is found when the job ends', async () => {
    const code = `import os, time
def main():
  r, w = os.pipe()
  if os.fork() == 0:
    os.setsid()
    pid = os.fork()
    if pid == 0:
      time.sleep(60)
    os.write(w, str(pid).encode())
    os._exit(0)
  return int(os.read(r, 20))`;
    const { result, notes, end } = await python(code);
    expect(end.outcome).toBe('success');
    expect(Number(result)).toBeGreaterThan(1);
    expect(isAlive(Number(result))).toBe(false);
    expect(notes.join()).toContain('left behind');
  });
};
