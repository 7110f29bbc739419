// Disks that fill up or are slow, and a connection that can be held up or torn.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { start, until } from "../../world.ts";

/** Mounts a file system of that size over a directory. @returns how to take it away */
export function mountSmall(dir: string, options: string): () => void {
  mkdirSync(dir, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `mode=700,${options}`, "tmpfs", dir]);
  return () => void execFileSync("umount", ["-l", dir]);
}

/** Fills the file system of a directory to the last byte. @returns how to make room again */
export function fillUp(dir: string): () => void {
  const file = join(dir, "filler");
  const descriptor = openSync(file, "a");
  for (let size = 1 << 20; size >= 1; size >>= 1)
    try {
      for (;;) if (writeSync(descriptor, Buffer.alloc(size)) < size) break;
    } catch {
      // full, to this size
    }
  closeSync(descriptor);
  return () => rmSync(file);
}

/** Uses up all files that the file system of a directory can have. @returns how to make room again */
export function useUpInodes(dir: string): () => void {
  const files: string[] = [];
  try {
    for (;;) {
      const file = join(dir, `filler-${files.length}`);
      closeSync(openSync(file, "wx"));
      files.push(file);
    }
  } catch {
    // none left
  }
  return () => {
    for (const file of files) rmSync(file);
  };
}

const STRACE = "/usr/bin/strace";
/** What a program says to the disk. */
const DISK_CALLS = "openat,pread64,pwrite64,write,ftruncate,fsync,fdatasync,rename,unlink,newfstatat,statx";

/** A program, and its arguments before those of the one that it runs, for which every call to the disk takes so long. */
export function onSlowDisk(delayMs: number): string[] {
  assert.ok(existsSync(STRACE), "strace is missing: apt-get install strace");
  const calls = ["-e", `trace=${DISK_CALLS}`, "-e", `inject=${DISK_CALLS}:delay_enter=${delayMs}ms`];
  return [STRACE, "-f", "-qq", "-o", "/dev/null", ...calls];
}

/** From now on every call of a process to the disk takes so long. */
export async function slowDown(t: TestContext, pid: number, delayMs: number): Promise<void> {
  const [file, ...args] = onSlowDisk(delayMs) as [string, ...string[]];
  const tracer = start(t, file, [...args, "-p", `${pid}`], {});
  const traced = () => /^TracerPid:\s+[1-9]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  await until(() => traced() || tracer.exitCode !== null, 10_000, "strace");
  assert.equal(tracer.exitCode, null, "strace may not look at the process: the test needs root, or ptrace_scope 0");
}

export interface Between {
  readonly url: string;
  /** Where it leads; asked at every connection. */
  target: () => number | undefined;
  /** The connections of now stay open, and nothing comes through any more: in either direction, or of the answers. */
  hold(what?: "all" | "answers"): void;
  release(): void;
  /** Ends all connections by a reset. */
  reset(): void;
}

/** A proxy in between that can misbehave. */
export async function openProxy(t: TestContext): Promise<Between> {
  const pairs = new Set<[Socket, Socket]>();
  const proxy: Between = {
    url: "",
    target: () => undefined,
    hold(what = "all") {
      for (const [client, server] of pairs) {
        server.pause();
        if (what === "all") client.pause();
      }
    },
    release() {
      for (const pair of pairs) for (const socket of pair) socket.resume();
    },
    reset() {
      for (const [client] of pairs) client.resetAndDestroy();
    },
  };
  const server = createServer((client) => {
    const port = proxy.target();
    if (port === undefined) return void client.destroy();
    const upstream = connect(port, "127.0.0.1");
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.on("data", (chunk) => to.write(chunk));
      from.on("error", () => {});
      from.on("close", () => {
        pairs.delete(pair);
        to.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    server.close();
  });
  return Object.assign(proxy, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
