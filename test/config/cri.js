// Asks containerd for a pod, as the kubelet does: by the Container Runtime Interface, which is gRPC (upstream: k8s.io/cri-api, v1).
import { connect } from "node:http2";
import { connect as connectSocket } from "node:net";

/**
 * A field of a protobuf message: text, or a message within.
 *
 * @param {number} number
 * @param {string | Uint8Array | undefined} value 127 bytes at most
 */
function field(number, value = "") {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

/**
 * The fields of a message that have bytes, by number.
 *
 * @param {Uint8Array} [message]
 */
function fieldsOf(message = new Uint8Array()) {
  /** @type {Map<number, Uint8Array>} */
  const fields = new Map();
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  let at = 0;
  while (at < message.length) {
    const key = varint();
    const value = varint();
    if (key % 8 !== 2) continue;
    fields.set(key >> 3, message.subarray(at, at + value));
    at += value;
  }
  return fields;
}

/** @param {import("node:http2").ClientHttp2Session} session @param {string} method @param {Uint8Array} message */
async function call(session, method, message) {
  const stream = session.request({
    ":method": "POST",
    ":path": `/runtime.v1.RuntimeService/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
  });
  /** @type {Record<string, unknown>} */
  let trailers = {};
  for (const event of ["response", "trailers"])
    stream.on(event, (all) => (trailers = { ...trailers, ...all }));
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([frame, message]));
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  if (trailers["grpc-status"] !== "0") throw new Error(`${method}: ${trailers["grpc-message"]}`);
  return fieldsOf(Buffer.concat(chunks).subarray(5));
}

const [path = "", name = ""] = process.argv.slice(2);
const session = connect("http://localhost", { createConnection: () => connectSocket(path) });
const metadata = Buffer.concat([field(1, name), field(2, name), field(3, "default")]);
const linux = field(1, `/sixplane-pod-${name}`);
const config = Buffer.concat([field(1, metadata), field(8, linux)]);
const id = (await call(session, "RunPodSandbox", field(1, config))).get(1);
const status = (await call(session, "PodSandboxStatus", field(1, id))).get(1);
const network = fieldsOf(status).get(5);
const text = new TextDecoder();
console.log(text.decode(id), text.decode(fieldsOf(network).get(1)));
session.close();
