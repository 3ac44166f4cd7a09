import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { DynoxideProcess } from '../../../local/services/dynamodb/dynoxide-process.ts';
import type { Client } from '../../system/client.ts';
import { Millrace } from '../../system/millrace.ts';
import { memberOfDemo } from '../../system/trust/people.ts';
import { attack, begin, said } from './attacker.ts';

/*
 * A script that looks for what is not its own: processes, memory, files, credentials, services. Each search is first shown to
 * find its prey when it runs on the machine itself, as code does that nothing shuts in.
 */
const SECRET = 'prey-of-the-search';
const ROOT = resolve(import.meta.dirname, '../../..');
const run = promisify(execFile);

/** Looks into every process: environment, command line, open files, memory. */
const PROCESSES = `
import os, re
def main(yerp: str):
    # backwards on its way, so that it is in no memory but the prey's
    prey = yerp[::-1]
    found, seen = [], 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) == os.getpid(): continue
        seen += 1
        for name in ("environ", "cmdline"):
            try:
                if prey.encode() in open(f"/proc/{pid}/{name}", "rb").read(): found.append(name)
            except OSError: pass
        try:
            regions = [line.split()[0].split("-") for line in open(f"/proc/{pid}/maps") if " rw-p " in line and ("[heap]" in line or "[stack]" in line)]
            memory = open(f"/proc/{pid}/mem", "rb", 0)
            for start, end in regions:
                memory.seek(int(start, 16))
                if prey.encode() in memory.read(int(end, 16) - int(start, 16)): found.append("mem")
        except OSError: pass
    return {"found": sorted(set(found)), "seen": seen}
`;

/** Reads and writes at the places it is told. */
const FILES = `
import os
def main(read: list, write: list):
    found = []
    for path in read:
        try:
            found.append([path, len(os.listdir(path)) if os.path.isdir(path) else len(open(path, "rb").read(9))])
        except OSError: pass
    for path in write:
        try:
            if os.path.isdir(path): path = os.path.join(path, "left-by-an-attack"); open(path, "w").close(); os.remove(path)
            else: open(path, "r+b").close()
            found.append([path, "writable"])
        except OSError: pass
    return sorted(path for path, count in found if count)
`;

/** Speaks to ports as the runtime of another environment, as an AWS client without credentials, as an admin. */
const PORTS = `
import json, urllib.error, urllib.request
def say(url, method="GET", body=None, headers={}):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method, data=body, headers=headers), timeout=1) as answer:
            return answer.status
    except urllib.error.HTTPError as error: return error.code
    except Exception: return 0
def main(ports: list):
    stolen = []
    dynamo = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.ListTables", "x-amz-date": "20260101T000000Z",
              "authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local"}
    for port in ports:
        at = f"http://127.0.0.1:{port}"
        calls = {
            "next": say(at + "/2018-06-01/runtime/invocation/next"),
            "next with a key": say(at + "/2018-06-01/runtime/invocation/next", headers={"lambda-runtime-key": "0" * 48}),
            "response": say(at + "/2018-06-01/runtime/invocation/x/response", "POST", b"{}"),
            "dynamodb": say(at + "/", "POST", b"{}", dynamo),
            "invoke": say(at + "/2015-03-31/functions/Runner/invocations", "POST", b"{}"),
            "buckets": say(at + "/", headers={"authorization": dynamo["authorization"].replace("dynamodb", "s3")}),
            "faults": say(at + "/_millrace/faults", "POST", b"{}"),
        }
        stolen += [[port, name] for name, status in calls.items() if 0 < status < 400]
    return stolen
`;

const reversed = (text: string): string => [...text].reverse().join('');

/** The same code on the machine itself. */
const uncaged = async (code: string, args: object): Promise<unknown> => {
  const program = `import json, sys\n${code}\nprint(json.dumps(main(**json.loads(sys.argv[1]))))`;
  const { stdout } = await run('python3', ['-c', program, JSON.stringify(args)]);
  return JSON.parse(stdout);
};

const orNothing = <T>(read: () => T[]): T[] => {
  try {
    return read();
  } catch {
    return [];
  }
};

/** Ports of loopback on which this process or one of its children listens. */
const portsOfMillrace = (): number[] => {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  const files = [...children, 'self'].flatMap((pid) =>
    orNothing(() => readdirSync(`/proc/${pid}/fd`)).map((fd) => `/proc/${pid}/fd/${fd}`),
  );
  const sockets = new Set(files.flatMap((file) => orNothing(() => [readlinkSync(file)])));
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  return lines.flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === '0A' && sockets.has(`socket:[${inode}]`) ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : [];
  });
};

let millrace: Millrace;
let ann: Client;
let bob: Client;

beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
  ann = await memberOfDemo(millrace, 'ann@x.io');
  bob = await memberOfDemo(millrace, 'bob@x.io');
  const code = 'x="$1"\nexport PREY=$x; echo "$x" > /tmp/prey; echo here; sleep 100; echo over';
  const id = await begin(bob, 'bash', code, { x: SECRET });
  await said(bob, id, /^(here)$/m);
}, 60_000);

afterAll(() => millrace.stop());

describe('a script of another identity', () => {
  test('sees no process but those of its own environment', async () => {
    expect(await uncaged(PROCESSES, { yerp: reversed(SECRET) })).toMatchObject({
      found: ['cmdline', 'environ', 'mem'],
    });
    const { result } = await attack(ann, 'python3', PROCESSES, { yerp: reversed(SECRET) });
    expect(result).toMatchObject({ found: [] });
    expect((result as { seen: number }).seen).toBeLessThan(10);
    // the search does find what is in its own environment
    const own = await attack(ann, 'python3', PROCESSES, { yerp: reversed('AWS_LAMBDA_RUNTIME_API') });
    expect(own.result).toMatchObject({ found: expect.arrayContaining(['environ']) });
  });

  test('reads no file of the local cloud, of its user or of another tenant, and changes no program', async () => {
    const [asset = ''] = readdirSync(join(ROOT, 'cdk.out')).filter((name) => name.startsWith('asset.'));
    const places = {
      read: [
        join(millrace.home, 'admin-key'),
        join(millrace.home, 'dynamodb', 'dynamodb.db'),
        join(millrace.home, 'env'),
        join(millrace.home, 'logs'),
        '/tmp/prey',
      ],
      write: [
        ROOT,
        join(ROOT, 'local/lambda/runtime/confine.py'),
        join(ROOT, 'cdk.out', asset),
        '/usr/local',
        '/etc',
        '/dev/shm/..',
      ],
    };
    const reachable = (await uncaged(FILES, places)) as string[];
    expect(reachable).toEqual(expect.arrayContaining([...places.read.slice(0, 4), places.write[1]]));
    expect((await attack(ann, 'python3', FILES, places)).result).toEqual([]);
  });

  test('holds no credentials of AWS and finds none', async () => {
    const code = `
import os, pathlib, urllib.request
def main():
    texts = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try: texts.append(open(f"/proc/{pid}/environ").read())
        except OSError: pass
    homes = [str(path) for name in ("~", "/root", "/home/*") for path in pathlib.Path("/").glob(os.path.expanduser(name).lstrip("/") + "/.aws/*")]
    answered = []
    for url in ("http://169.254.169.254/latest/meta-data/", "http://169.254.170.2/v2/credentials"):
        try: answered.append(urllib.request.urlopen(url, timeout=1).status)
        except Exception: pass
    return [word for word in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL") if any(word in text for text in texts)] + homes + answered`;
    const { success, result } = await attack(ann, 'python3', code);
    expect({ success, result }).toEqual({ success: true, result: [] });
  });

  test('is answered by no service behind the front door, and takes no event of another environment', async () => {
    const ports = portsOfMillrace().filter((port) => port !== Number(new URL(millrace.url).port));
    expect(ports.length).toBeGreaterThan(3);
    const open = await DynoxideProcess.start(join(millrace.home, 'not-hidden'));
    onTestFinished(() => open.stop());
    expect(await uncaged(PORTS, { ports: [open.port] })).toContainEqual([open.port, 'dynamodb']);
    const { success, result } = await attack(ann, 'python3', PORTS, { ports });
    expect({ success, result }).toEqual({ success: true, result: [] });
  });
});
