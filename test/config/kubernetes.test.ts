// Two nodes with containerd, whose pods get addresses by the file of sixplane config cni.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, test } from "vitest";
import { isInstalled } from "../../examples/fabric/namespace.js";
import { runContained } from "../support/contained-shell.ts";
import { A, B, NETWORK } from "../support/hosts.ts";
import { blocksOf, commandsOf } from "../support/pages.ts";

/** Asks for a pod as the kubelet does, and prints its ID and its address. */
const POD = `${process.execPath} ${fileURLToPath(new URL("cri.js", import.meta.url))} /run/containerd/containerd.sock`;

/** What both nodes take from here. */
const FUNCTIONS = `
  mkdir -p /run/containerd
  cat > /run/functions <<'END'
    await() { # until a program that has just been started writes something into a log
      tail -f -s 0.05 --pid=$! "$1" | grep -q "$2" || { cat "$1" >&2; false; }
    }
    start_containerd() {
      true > $1
      containerd >> $1 2>&1 &
      await $1 "containerd successfully booted"
      ctr --namespace k8s.io images import /run/pause.tar > /dev/null
    }
END
  . /run/functions`;

/**
 * Debian's configuration, with an image of this test's for what holds a pod's namespaces. Containers are not to be spared when memory
 * ends, which a machine that is a container itself may not allow.
 */
const CONFIGURATION = `
  cri='plugins."io.containerd.grpc.v1.cri"'
  sed -i "s|^ *.$cri.$|&\\nsandbox_image = \\"localhost/pause:1\\"\\nrestrict_oom_score_adj = true|" /etc/containerd/config.toml`;

/** An image with busybox, which sleeps. */
const IMAGE = `
  mkdir -p rootfs/bin /etc/containers
  cp "$(command -v busybox)" rootfs/bin
  for name in ip ping; do ln -s busybox rootfs/bin/$name; done
  printf '[storage]\\ndriver = "vfs"\\nrunroot = "/run/containers"\\ngraphroot = "/run/images"\\n' > /etc/containers/storage.conf
  sleeps='ENTRYPOINT ["/bin/busybox", "sleep", "600"]'
  tar -C rootfs -c . | podman import --quiet --change "$sleeps" - localhost/pause:1 > /dev/null
  podman save --quiet --format oci-archive -o /run/pause.tar localhost/pause:1`;

/** The way between the nodes, of which the second is in a network namespace of its own. */
const FABRIC = `
  second="nsenter --net=/run/netns/second"
  ip netns add second
  ip link add eth0 type veth peer name eth0 netns second
  node() {
    $2 sh -c "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad"
    for link in lo eth0; do $2 ip link set $link up; done
    $2 ip address add 192.0.2.$1/24 dev eth0
    true > /run/up$1
    $2 sixplane up --network ${NETWORK} --node $3 --mtu 2800 --peer $4 >> /run/up$1 2>&1 &
    await /run/up$1 "answers on\\|zt0"
  }
  node 1 "" ${A.node} ${B.node}@192.0.2.2
  node 2 "$second" ${B.node} ${A.node}@192.0.2.1`;

/** The second node, with files of its own, and a pod. */
const SECOND = `
  cat > /run/second <<'END'
    set -e
    for folder in /var/lib /run/containerd /etc/cni; do mount -t tmpfs none $folder; done
    . /run/functions
    mkdir -p /etc/cni/net.d
    sixplane config cni --network ${NETWORK} --node ${B.node} -o /etc/cni/net.d/00-sixplane.conflist
    start_containerd /run/log2
    ${POD} second
    wait
END
  true > /run/node2
  $second unshare --mount sh /run/second >> /run/node2 2>&1 &
  await /run/node2 ' ${B.sixplane.slice(0, -1)}2$'`;

afterAll(() => {
  spawnSync("find", ["/sys/fs/cgroup", "-depth", "-type", "d", "-path", "*/sixplane-pod-*", "-delete"]);
});

test("pods of two nodes reach each other, by the page's commands and as the kubelet asks for them", (context) => {
  for (const program of ["busybox", "containerd", "ctr", "ip", "podman", "runc", "/usr/lib/cni/bridge"])
    context.skip(!isInstalled(program), `no ${program}`);
  const setup = [
    "mount -t tmpfs none /var/lib",
    ...[FUNCTIONS, CONFIGURATION, IMAGE, FABRIC, SECOND],
    "start_containerd /run/log",
  ].join("\n");
  const exec = "ctr --namespace k8s.io task exec --exec-id ping $(cut -d ' ' -f 1 pod) /bin/busybox ping";
  const own = `${A.sixplane.slice(0, -1)}4`; // behind those of the page's containers
  const asKubelet = [
    { command: `${POD} first > pod; cut -d ' ' -f 2 pod`, output: own },
    {
      command: `${exec} -c 1 ${B.sixplane.slice(0, -1)}2 | grep -o '1 packets received'`,
      output: "1 packets received",
    },
  ];
  const page = blocksOf("bindings/cli/config/kubernetes.md", "console").flatMap(commandsOf);
  runContained([...page, ...asKubelet], context, setup);
});
