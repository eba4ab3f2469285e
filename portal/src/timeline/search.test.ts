import { describe, expect, test } from "vitest";
import { addTerm, columnTerm, fieldTerm, removeTerm, terms } from "./search";

describe("search terms", () => {
  const check = (text: string, expected: string[]) => expect(terms(text)).toEqual(expected);
  test("words, phrases, fields", () => {
    check('curl -proc:cron "a phrase" host:"x y"', ["curl", "-proc:cron", '"a phrase"', 'host:"x y"']);
    check("  ", []);
    check('open "end', ["open", '"end"']);
    check("全角　空白", ["全角", "空白"]);
  });

  test("a term is added once, and replaces its opposite", () => {
    expect(addTerm("curl proc:bash", "proc:bash")).toBe("curl proc:bash");
    expect(addTerm("curl proc:bash", "-proc:bash")).toBe("curl -proc:bash");
    expect(addTerm("-proc:bash", "proc:bash")).toBe("proc:bash");
  });

  test("what was added can be taken away", () => {
    const term = fieldTerm("cmd", "curl -s https://x");
    expect(term).toBe('cmd:"curl -s https://x"');
    expect(removeTerm(addTerm("a b", term), term)).toBe("a b");
  });

  test("a value with a quote or a line break is still one term", () => {
    const term = fieldTerm("cmd", 'sh -c "x\ny"');
    expect(terms(term)).toHaveLength(1);
  });

  test("only columns that the grammar knows can filter", () => {
    expect(columnTerm("RemotePort", 443)).toBe("port:443");
    expect(columnTerm("FolderPath", "/opt/backup/deploy.sh")).toBe("file:/opt/backup/deploy.sh");
    expect(columnTerm("RemoteIP", "fd00::17")).toBe('ip:"fd00::17"');
    expect(columnTerm("SHA256", "ab")).toBeNull();
    expect(columnTerm("FileName", "")).toBeNull();
  });
});
