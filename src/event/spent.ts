// Processor time of this thread: a machine that is suspended, or busy with others, spends none of it.

/** ms */
export function spentMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
