// Agent files anywhere, checked without deploying them.

import { MAX_AGENT_BYTES, readAgent } from "./agent.ts";
import { discover } from "./discover.ts";
import { bounded, CONCURRENT_OPERATIONS, localFiles } from "./files.ts";
import { type Problem, systemReason } from "./problem.ts";

/** Checks files, and what is in directories, by absolute paths. */
export async function validateFiles(paths: readonly string[]): Promise<{ files: number; problems: Problem[] }> {
  const files = bounded(localFiles, CONCURRENT_OPERATIONS);
  const checkFile = async (path: string): Promise<readonly Problem[]> => {
    try {
      return (await readAgent(path, (await files.read(path, MAX_AGENT_BYTES)).bytes)).problems;
    } catch (error) {
      return [{ severity: "error", path, expected: "a readable file", received: systemReason(error) }];
    }
  };
  const checked = await Promise.all(
    paths.map(async (path) => {
      const isDirectory = await files.list(path).then(
        (entries) => entries !== undefined,
        () => false,
      );
      if (!isDirectory) return { files: 1, problems: await checkFile(path) };
      const { sources, problems } = await discover([{ name: "project", root: path }], files);
      const found = await Promise.all(sources.map((source) => checkFile(source.path)));
      return { files: sources.length, problems: [...problems, ...found.flat()] };
    }),
  );
  return {
    files: checked.reduce((sum, { files: count }) => sum + count, 0),
    problems: checked.flatMap(({ problems }) => problems),
  };
}
