/** Things to undo, newest first. */
export class Teardown {
  readonly #steps: (() => Promise<unknown> | undefined)[] = [];
  #running: Promise<void> | undefined;

  add(step: () => Promise<unknown> | undefined): void {
    this.#steps.push(step);
  }

  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    for (const step of this.#steps.reverse()) await step();
  }
}
