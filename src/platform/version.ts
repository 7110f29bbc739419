// The version of this copy, put in by the build from package.json.

declare const MPM_VERSION: string | undefined;

/** "0.0.0-dev" when the sources run unbuilt. */
export const VERSION: string = typeof MPM_VERSION === "string" ? MPM_VERSION : "0.0.0-dev";
