// The LM3S6965 in QEMU, with its Ethernet controller at a UDP socket: a datagram is a frame.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { toHex } from "../support/frames.ts";

const HERE = "127.0.0.1";
const PATIENCE = 20_000;

/** Something to wait for, for a limited time. */
class Event {
  #happened = () => {};

  happen(): void {
    this.#happened();
  }

  /** Waits until the condition holds; looks whenever something happened. */
  async until(condition: () => boolean, otherwise: () => string): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#happened();
    }, PATIENCE);
    try {
      while (!condition()) {
        if (late) throw new Error(otherwise());
        await new Promise<void>((resolve) => (this.#happened = resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

export class Machine implements AsyncDisposable {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #event = new Event();
  #printed = "";
  #ended = false;

  private constructor(image: string, options: string[]) {
    const words = ["-M", "lm3s6965evb", "-display", "none", "-monitor", "none", "-serial", "stdio"];
    this.#process = spawn("qemu-system-arm", [...words, "-kernel", image, ...options]);
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.on("data", (chunk) => {
        this.#printed += chunk;
        this.#event.happen();
      });
    }
    this.#process.on("close", () => {
      this.#ended = true;
      this.#event.happen();
    });
  }

  /** Starts it; it is up when it has printed the text. */
  static async start(image: string, options: string[], until = "sixplane answers\n"): Promise<Machine> {
    const machine = new Machine(image, options);
    try {
      await machine.printed((text) => text.includes(until));
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
    return machine;
  }

  /** Waits until what it printed, to the UART and about itself, satisfies the condition, and gives that. */
  async printed(condition: (text: string) => boolean): Promise<string> {
    await this.#event.until(
      () => this.#ended || condition(this.#printed),
      () => `the machine printed only: ${this.#printed}`,
    );
    if (!condition(this.#printed)) throw new Error(`the machine ended: ${this.#printed}`);
    return this.#printed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    const gone = once(this.#process, "close");
    this.#process.kill("SIGKILL");
    await gone;
  }
}

/** A machine, and the other end of its wire. */
export class Wire implements AsyncDisposable {
  readonly machine: Machine;
  readonly #socket: Socket;
  readonly #port: number;
  readonly #received: string[] = [];
  readonly #event = new Event();

  private constructor(machine: Machine, socket: Socket, port: number) {
    this.machine = machine;
    this.#socket = socket;
    this.#port = port;
    socket.on("message", (frame) => {
      this.#received.push(toHex(frame));
      this.#event.happen();
    });
  }

  static async start(image: string): Promise<Wire> {
    const socket = await bound();
    for (let tries = 5; ; tries--) {
      const free = await bound();
      const { port } = free.address();
      free.close();
      const nic = `socket,udp=${HERE}:${socket.address().port},localaddr=${HERE}:${port},model=stellaris`;
      try {
        return new Wire(await Machine.start(image, ["-nic", nic]), socket, port);
      } catch (error) {
        // Somebody else may have taken the port in the meantime.
        if (tries > 1 && String(error).includes("bind")) continue;
        socket.close();
        throw error;
      }
    }
  }

  send(frame: Uint8Array): void {
    this.#socket.send(frame, this.#port, HERE);
  }

  /** Waits for the next frame, and gives it as hex. */
  async receive(): Promise<string> {
    await this.#event.until(
      () => this.#received.length > 0,
      () => "nothing came out of the machine",
    );
    return this.#received.shift() ?? "";
  }

  /**
   * Sends the frame and, behind it, one that is certain to be answered: when that answer comes, everything
   * has come that will.
   */
  async exchange(frame: Uint8Array, certain: { question: Uint8Array; answer: string }): Promise<string[]> {
    this.send(frame);
    this.send(certain.question);
    const replies: string[] = [];
    for (let reply = ""; ; replies.push(reply)) {
      reply = await this.receive();
      if (reply === certain.answer) return replies;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.machine[Symbol.asyncDispose]();
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, HERE);
  await once(socket, "listening");
  return socket;
}
