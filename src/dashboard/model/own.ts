// Tables asked with words from outside: "__proto__" and "constructor" are in none of them.

/** The table's own value of that name; undefined for what it has only inherited. */
export function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
