/** Text as it stands in a page. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] as string);
}

/** Items of text as a list; nothing for none. */
export function list(items: readonly string[]): string {
  return items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${escapeText(item)}</li>`).join('')}</ul>`;
}

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;color:#222}
svg{max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:#333}.grid{stroke:#ddd}.one{stroke:#555;stroke-dasharray:4 3}
table{border-collapse:collapse;font-size:13px}td{white-space:nowrap}.band{fill:#f4f4f4}th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #ddd}
th[scope=row]{text-align:left}small{color:#666}.wide{overflow-x:auto}.legend span{margin-right:1rem;white-space:nowrap}
td.text,td.text *,td small{white-space:normal;text-align:left}.failed,.failures{color:#b00020}`;

/** A page that needs nothing but itself. */
export function document(title: string, parts: readonly string[]): string {
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${escapeText(title)}</title><style>${style}</style></head><body>`,
    `<h1>${escapeText(title)}</h1>`,
    ...parts,
    '</body></html>',
    '',
  ].join('\n');
}
