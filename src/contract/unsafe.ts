// What untrusted text may hold that people do not see, and that changes what they see.

/**
 * Matches, globally, each character that a terminal may obey, or that hides or reorders the text around it: controls C0
 * and C1 but tab and newline, marks and overrides of direction, separators of lines and paragraphs, invisible tags.
 */
export const UNSAFE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
