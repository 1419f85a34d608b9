import { existsSync, readFileSync, statSync } from "node:fs";
import { request } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";
import { quote } from "sixplane";
import { Failure, systemReason } from "../io/failure.ts";

/** The service may run, but this user may not ask it. */
export class Forbidden extends Failure {}

const TIMEOUT_MILLISECONDS = 5000;

/** Room for many thousand networks, and no more than a machine has to spare. */
const MOST_MEBIBYTES = 16;

/**
 * The ZeroTier service of this machine, by its JSON API on loopback (upstream: service/README.md, One.cpp). Every
 * fault is a Failure with a sentence of its own, which quotes no token.
 */
export class Service {
  readonly #port: number;
  readonly #token: Token;

  /** @param folder ZeroTier's folder, where the service leaves its port, and the token that it asks for */
  constructor(folder: string) {
    this.#port = readPort(folder);
    this.#token = readToken(folder);
  }

  /** What the service answers to a path such as `/status`. */
  async ask(path: string): Promise<unknown> {
    const { status, body } = await this.#get(path);
    if (status === 401 || status === 403)
      throw new Failure(`ZeroTier's service refuses the token in ${quote(this.#token.path)}`);
    if (status !== 200) throw new Failure(`ZeroTier's service answers ${path} with HTTP status ${status}`);
    try {
      return JSON.parse(body);
    } catch {
      throw new Failure(
        `what answers ${path} on port ${this.#port} is not ZeroTier's service: it is not JSON`,
      );
    }
  }

  #get(path: string): Promise<{ status: number | undefined; body: string }> {
    const where = `127.0.0.1 port ${this.#port}`;
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
      const fail = (error: NodeJS.ErrnoException) => {
        if (signal.aborted) reject(new Failure(`ZeroTier's service on ${where} does not answer`));
        else if (error.code === "ECONNREFUSED")
          reject(new Failure(`ZeroTier's service does not run: nothing listens on ${where}`));
        else reject(new Failure(`cannot ask ZeroTier's service on ${where}: ${error.message}`));
      };
      const headers = { "X-ZT1-Auth": this.#token.value };
      request({ host: "127.0.0.1", port: this.#port, path, headers, signal, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes <= MOST_MEBIBYTES * 2 ** 20) return;
          reject(new Failure(`ZeroTier's service answers ${path} with more than ${MOST_MEBIBYTES} MiB`));
          answer.destroy();
        });
        answer.on("end", () =>
          resolve({ status: answer.statusCode, body: Buffer.concat(chunks).toString() }),
        );
        answer.on("error", fail);
      })
        .on("upgrade", ({ statusCode }, socket) => {
          socket.destroy();
          resolve({ status: statusCode, body: "" });
        })
        .on("error", fail)
        .end();
    });
  }
}

function readPort(folder: string): number {
  const path = join(folder, "zerotier-one.port");
  if (isMissing(path)) throw new Failure(`ZeroTier's service has not run here: there is no ${quote(path)}`);
  const text = read(path, "the port of ZeroTier's service");
  const port = /^\d{1,5}\s*$/.test(text) ? Number(text) : 0;
  if (port > 0 && port <= 0xffff) return port;
  throw new Failure(`there is no port of ZeroTier's service in ${quote(path)}`);
}

/** Whether there is no such file, as far as this user can tell. */
function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

interface Token {
  path: string;
  value: string;
}

/** The token of the folder or, as only root can read that, the copy that a user has made, as zerotier-cli takes it. */
function readToken(folder: string): Token {
  const path = join(folder, "authtoken.secret");
  try {
    return tokenIn(path);
  } catch (error) {
    const home = ownHome();
    const copy = home && join(home, COPIES[process.platform] ?? ".zeroTierOneAuthToken");
    if (copy && existsSync(copy)) return tokenIn(copy);
    throw error;
  }
}

/** The user's home; a user without a name, as in containers, may have none. */
function ownHome(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

const COPIES: Partial<Record<NodeJS.Platform, string>> = {
  darwin: "Library/Application Support/ZeroTier/One/authtoken.secret",
};

function tokenIn(path: string): Token {
  const value = read(path, "the token of ZeroTier's service").trim();
  if (/^[\x21-\x7e]+$/.test(value)) return { path, value };
  throw new Failure(`there is no token of ZeroTier's service in ${quote(path)}`);
}

function read(path: string, what: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const message = `cannot read ${what} in ${quote(path)}: ${systemReason(error)}`;
    throw ["EACCES", "EPERM"].includes(code) ? new Forbidden(message) : new Failure(message);
  }
}
