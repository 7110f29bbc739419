// The verbs that change the machine or the settings, a module each.

import type { Io } from "../terminal.ts";

type Run = (args: string[], io: Io) => Promise<number>;

export const install: Run = async (args, io) => (await import("./install.ts")).install(args, io);
export const uninstall: Run = async (args, io) => (await import("./uninstall.ts")).uninstall(args, io);
export const doctor: Run = async (args, io) => (await import("./doctor.ts")).doctor(args, io);
export const config: Run = async (args, io) => (await import("./config.ts")).config(args, io);
export const pause: Run = async (args, io) => (await import("./pause.ts")).pause(args, io);
export const resume: Run = async (args, io) => (await import("./pause.ts")).resume(args, io);
