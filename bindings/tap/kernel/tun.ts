// The program's side of a TAP interface: a file of /dev/net/tun, frame by frame.

import { systemError } from "../error.ts";
import { Ifreq } from "./ifreq.ts";
import { type Libc, O_CLOEXEC, O_NONBLOCK, O_RDWR } from "./libc.ts";

const TUN = "/dev/net/tun";
const TUNSETIFF = 0x400454ca;
const TUNGETIFF = 0x800454d2;
const IFF_TAP = 0x2;
const IFF_PERSIST = 0x800;
const IFF_NO_PI = 0x1000;

/** An open TAP. */
export interface Tun {
  /** Reads and writes one frame at a time, and does not block. */
  file: number;
  name: string;
  /** Whether the interface stays when the file is closed. */
  persistent: boolean;
}

/** The name that a TAP has now; undefined where it has been removed. */
export function currentName(libc: Libc, { file }: Tun): string | undefined {
  const request = new Ifreq("");
  return libc.ioctl(file, TUNGETIFF, request.bytes) === 0 ? request.name : undefined;
}

/**
 * Makes a TAP interface, which goes when its file is closed, or attaches to one that was made to stay
 * (`ip tuntap add`).
 *
 * @param name 1 to 15 bytes; a %d in it becomes the first number that is free
 * @throws TapError where that fails
 */
export function openTun(libc: Libc, name: string): Tun {
  const file = libc.open(new TextEncoder().encode(`${TUN}\0`), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) {
    throw systemError(`open ${TUN}`, libc.errno(), {
      EACCES: "permission denied: run as root, or have its mode changed to 666",
      ENODEV: "the kernel has no TAP driver: `modprobe tun`",
      ENOENT: "there is none: `modprobe tun`, and let a container have the device",
    });
  }
  const request = new Ifreq(name);
  request.flags = IFF_TAP | IFF_NO_PI;
  if (libc.ioctl(file, TUNSETIFF, request.bytes) < 0) {
    const errno = libc.errno();
    libc.close(file);
    throw systemError(`open the TAP ${name}`, errno, {
      EBUSY: "the name is in use by another program: choose another",
      EINVAL: "there is an interface of that name which is no TAP: choose another",
    });
  }
  const { name: given } = request;
  const known = libc.ioctl(file, TUNGETIFF, request.bytes) === 0;
  return { file, name: given, persistent: known && (request.flags & IFF_PERSIST) !== 0 };
}
