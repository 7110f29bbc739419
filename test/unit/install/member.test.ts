// A member of a JSON file that is ours: put in, and taken out again with the same bytes left.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type MemberPath, memberIn, withMember, withoutMember } from "../../../src/install/member.ts";
import { SAMPLES } from "./corpus.ts";

const VALUE = { type: "stdio", command: "/x/app/hooks/mpm-node", args: ["cli", "mcp"] };
const PATHS: readonly MemberPath[] = [["statusLine"], ["mcpServers", "mpm"]];
const MORE = [
  '{"mcpServers":{}}',
  '{\n  "mcpServers": {}\n}\n',
  '{\n  "mcpServers": {\n    "other": { "command": "x" }\n  },\n  "numStartups": 3\n}\n',
  '{\r\n\t"mcpServers": {\r\n\t\t"other": {}\r\n\t}\r\n}',
  '{"a":1,"mcpServers":{"other":{}}}',
  "\uFEFF{}",
  "",
  "\n",
  "{ }",
];

const has = (text: string, path: MemberPath) => {
  const found = memberIn(text, path);
  return "value" in found && found.value !== undefined;
};

for (const path of PATHS)
  for (const text of [...MORE, ...SAMPLES.map((sample) => sample.text).filter((each) => !has(each, path))])
    test(`${path.join(".")} in ${JSON.stringify(text.slice(0, 40))} goes in, is renewed, and leaves the same bytes`, () => {
      const put = withMember(text, path, VALUE, {});
      assert.ok("text" in put, JSON.stringify(put));
      assert.deepEqual(memberIn(put.text, path), { value: VALUE });
      const again = withMember(put.text, path, VALUE, put.hollows);
      assert.deepEqual(again, put, "twice is once");
      const renewed = withMember(put.text, path, { ...VALUE, args: [] }, put.hollows);
      assert.ok("text" in renewed);
      assert.deepEqual(memberIn(renewed.text, path), { value: { ...VALUE, args: [] } });
      const others = JSON.parse(put.text.replace("\uFEFF", ""));
      const before = JSON.parse(text.replace("\uFEFF", "").trim() || "{}");
      for (const [name, value] of Object.entries(before))
        if (name !== path[0]) assert.deepEqual(others[name], value, name);
      assert.deepEqual(withoutMember(renewed.text, path, put.hollows), { text, hollows: {} });
    });

test("what is not an object is refused with its place", () => {
  assert.deepEqual(withMember('{\n "mcpServers": []\n}', ["mcpServers", "mpm"], VALUE, {}), {
    refusal: { reason: "mcpServers: expected an object", line: 2, column: 16 },
  });
  assert.ok("refusal" in withMember("[]", ["statusLine"], VALUE, {}));
  assert.ok("refusal" in withMember("{,}", ["statusLine"], VALUE, {}));
});
