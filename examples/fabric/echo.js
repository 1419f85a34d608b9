// Whether one container reaches another: each has a UDP socket that answers a question.
import { createSocket } from "node:dgram";
import { EventEmitter, once } from "node:events";

/** The port of all these sockets. */
export const PORT = 4000;

/** A UDP socket in a namespace. It answers each question, and can ask other sockets. */
export class EchoSocket {
  // This lookup calls back at once, so that the socket is opened while `bind` runs: in the namespace.
  #socket = createSocket({ type: "udp6", lookup: (address, _, done) => done(null, address, 6) });
  #answers = new EventEmitter();

  /** @param {import("./namespace.js").Namespace} namespace */
  constructor(namespace) {
    this.#answers.setMaxListeners(0); // it waits for as many answers as there are other containers
    namespace.within(() => this.#socket.bind(PORT, "::"));
    this.#socket.on("message", (text, { address }) => {
      if (`${text}` === "question") this.#send("answer", address);
      else this.#answers.emit(address);
    });
  }

  /** Sends a question to an address, and says whether an answer comes. @param {string} address @param {number} milliseconds */
  reaches(address, milliseconds) {
    const answer = once(this.#answers, address, { signal: AbortSignal.timeout(milliseconds) });
    this.#send("question", address);
    return answer.then(
      () => true,
      () => false,
    );
  }

  close() {
    this.#socket.close();
  }

  /** @param {string} text @param {string} address */
  #send(text, address) {
    this.#socket.send(text, PORT, address, () => {}); // what cannot be sent is not answered
  }
}
