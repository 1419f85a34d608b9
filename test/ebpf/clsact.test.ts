// The filter of kernels without links: tc says whether it is there, and the kernel answers by it.
import { beforeEach, describe, expect, test } from "vitest";
import { addClsact, removeFilter } from "../../bindings/ebpf/kernel/clsact.ts";
import { Loaded } from "../../bindings/ebpf/kernel/loaded.ts";
import { translate } from "../../bindings/ebpf/translate.ts";
import { loadLibc } from "../../bindings/tap/kernel/load-libc.ts";
import { isInstalled, Namespace } from "../../examples/fabric/namespace.js";
import { RESPONDERS, record } from "../support/builds.ts";
import { hex, NETWORK, SELF } from "../support/frames.ts";
import { A, B, ping, runIn, withoutDetection } from "../support/hosts.ts";
import { obstacle } from "../support/namespace.ts";
import { bpf, noBpf } from "./twin.ts";

const libc = await loadLibc();
const [build] = RESPONDERS as [(typeof RESPONDERS)[0]];

beforeEach(({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  skip(noBpf !== undefined, noBpf);
  for (const program of ["tc", "ping"]) skip(!isInstalled(program), `no ${program}`);
});

/** A host with an interface eth0, which has an address of the network. */
function host(): { namespace: Namespace; index: number } & Disposable {
  const namespace = Namespace.open();
  withoutDetection(namespace);
  namespace.ip("link add eth0 type veth peer name far");
  for (const name of ["far", "eth0"]) namespace.ip(`link set ${name} up`);
  namespace.ip(`address add ${A.sixplane}/40 dev eth0`);
  const index: number = JSON.parse(namespace.ip("-json link show dev eth0"))[0].ifindex;
  return { namespace, index, [Symbol.dispose]: () => namespace.close() };
}

const load = () => new Loaded(bpf, "clsact", translate(build.bytes), hex(record(NETWORK, SELF)));
const filters = (namespace: Namespace) => runIn(namespace, "tc", "filter", "show", "dev", "eth0", "egress");
const disciplines = (namespace: Namespace) => runIn(namespace, "tc", "qdisc", "show", "dev", "eth0");

describe("a filter of clsact", () => {
  test("has the kernel answer, also when its program is closed, until it is removed", () => {
    using one = host();
    const { namespace, index } = one;
    const loaded = load();
    namespace.within(() => {
      expect(addClsact(libc, index)).toBe(true);
      loaded.filter(libc, index);
    });
    loaded.close();
    expect(filters(namespace)).toMatch(/bpf .*handle 0x1 sixplane direct-action/);
    ping(namespace, B.sixplane, "-W", "0.2");
    expect(namespace.ip(`neighbour show to ${B.sixplane} dev eth0`)).toContain(B.mac);

    namespace.within(() => removeFilter(libc, index, true));
    expect(filters(namespace)).toBe("");
    expect(disciplines(namespace)).not.toContain("clsact");
    namespace.within(() => removeFilter(libc, index, true)); // once more: nothing is there
  });

  test("leaves clsact, and other filters, to whom they belong", () => {
    using one = host();
    const { namespace, index } = one;
    runIn(namespace, "tc", "qdisc", "add", "dev", "eth0", "clsact");
    runIn(namespace, "tc", "filter", "add", "dev", "eth0", "egress", "bpf", "bytecode", "1,6 0 0 0");
    const before = filters(namespace);
    using loaded = load();
    namespace.within(() => {
      expect(addClsact(libc, index)).toBe(false);
      loaded.filter(libc, index);
      expect(() => loaded.filter(libc, index)).toThrow("cannot add the filter: EEXIST");
      removeFilter(libc, index, false);
    });
    expect(filters(namespace)).toBe(before);
    expect(disciplines(namespace)).toContain("clsact");
  });

  test("needs an interface", () => {
    using loaded = load();
    expect(() => addClsact(libc, 999_999)).toThrow("cannot add clsact: there is no such interface");
    expect(() => loaded.filter(libc, 999_999)).toThrow("cannot add the filter: there is no such interface");
    removeFilter(libc, 999_999, true);
  });
});
