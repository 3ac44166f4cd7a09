import type { ChildProcess } from 'node:child_process';
import { Agent } from 'node:http';
import { Socket } from 'node:net';

type Taker = { resolve: (socket: Socket) => void; reject: (error: Error) => void };

/** Connections to a server in a network of its own: its starter (own-network.py) makes them and passes them on. */
export class HiddenServer {
  readonly #starter: ChildProcess;
  readonly #waiting: Taker[] = [];

  constructor(starter: ChildProcess) {
    this.#starter = starter;
    starter.on('message', (message, socket) => {
      const taker = this.#waiting.shift();
      if (taker === undefined) return;
      if (socket instanceof Socket) taker.resolve(socket);
      else taker.reject(new Error(JSON.stringify(message)));
    });
    starter.once('exit', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the server is gone'));
    });
  }

  /** A connected socket; rejects when the server does not listen (yet), or is gone. */
  connect(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      if (!this.#starter.connected) return reject(new Error('the server is gone'));
      this.#waiting.push({ resolve, reject });
      this.#starter.send('connect', (error) => {
        if (error !== null) reject(error);
      });
    });
  }
}

/** Keeps connections to a hidden server alive, as the plain agent does to any. */
export class HiddenAgent extends Agent {
  readonly #server: HiddenServer;

  constructor(server: HiddenServer) {
    super({ keepAlive: true, maxSockets: 128 });
    this.#server = server;
  }

  override createConnection(_options: object, callback?: (error: Error | null, stream: Socket) => void): undefined {
    this.#server.connect().then(
      (socket) => callback?.(null, socket),
      (error: Error) => callback?.(error, new Socket()),
    );
    return undefined;
  }
}
