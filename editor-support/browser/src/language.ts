// Colours of the words, as soon as they are typed. The words are those of the grammar (a test holds them to it).

import { HighlightStyle, indentService, LanguageSupport, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { tags as t } from '@lezer/highlight';
import words from './words.json';

const kinds = new Map<string, string>(
  Object.entries(words).flatMap(([kind, list]) => list.map((word) => [word, kind] as const)),
);

const name = /^[\p{L}_][\p{L}\p{N}_]*/u;

interface State {
  heads: boolean; // whether the next name is that of a declaration
}

const nba = StreamLanguage.define<State>({
  name: 'nba',
  startState: () => ({ heads: false }),
  token(stream, state) {
    if (stream.eatSpace()) return null;
    if (stream.match('#')) {
      stream.skipToEnd();
      return 'comment';
    }
    if (stream.match(/^"(\\.|[^"\\])*"?/)) return 'string';
    if (stream.match(/^\d{4}-\d\d-\d\d( \d{1,2}:\d\d(:\d\d(\.\d{1,6})?)?)?/) || stream.match(/^\d{1,2}:\d\d/)) return 'number';
    if (stream.match(/^\d[\d_]*(\.\d[\d_]*)?%?/)) return 'number';
    const isFirst = stream.column() === 0;
    const word = stream.match(name);
    if (!word) {
      return stream.match(/^(\.\.|<=|>=|[<>=+\-*/^|])/) ? 'operator' : (stream.next(), null);
    }
    const text = (word as RegExpMatchArray)[0];
    const heads = state.heads;
    const kind = kinds.get(text);
    state.heads = isFirst && kind === 'declarations';
    if (heads) return 'heading';
    if (stream.match(/^\s*:/, false)) return 'propertyName';
    if (stream.match(/^\(/, false)) return 'function';
    if (kind === 'declarations') return 'keyword';
    if (kind !== undefined) return kind === 'constants' ? 'atom' : kind === 'types' ? 'typeName' : 'keyword';
    return /^[A-Z]{3}$/.test(text) ? 'atom' : 'variableName';
  },
  tokenTable: { heading: t.heading, function: t.function(t.variableName) },
  languageData: {
    commentTokens: { line: '#' },
    closeBrackets: { brackets: ['(', '[', '{', '"'] },
    indentOnInput: /^\s*\}$/,
  },
});

/** Two columns more behind an open bracket, two less before a closing one. */
const indent = indentService.of((context, at) => {
  const before = context.lineAt(at, -1);
  const isNew = context.simulatedBreak === at;
  const line = context.state.doc.lineAt(at);
  if (!isNew && line.number === 1) return 0;
  const above = isNew ? before.text : context.state.doc.line(line.number - 1).text;
  const after = isNew ? context.textAfterPos(at) : line.text;
  const own = /^\s*/.exec(above)?.[0].length ?? 0;
  const opens = /[{[(]\s*(#.*)?$/.test(above) ? context.unit : 0;
  const closes = /^\s*[}\])]/.test(after) ? context.unit : 0;
  return Math.max(0, own + opens - closes);
});

const colours = HighlightStyle.define([
  { tag: t.keyword, color: 'var(--keyword)' },
  { tag: t.heading, color: 'var(--name)', fontWeight: '600' },
  { tag: t.comment, color: 'var(--comment)', fontStyle: 'italic' },
  { tag: t.string, color: 'var(--string)' },
  { tag: [t.number, t.atom], color: 'var(--number)' },
  { tag: t.typeName, color: 'var(--type)' },
  { tag: t.propertyName, color: 'var(--field)' },
  { tag: t.function(t.variableName), color: 'var(--name)' },
  { tag: t.operator, color: 'var(--muted)' },
]);

export const language = nba;

export function support(): LanguageSupport {
  return new LanguageSupport(nba, [syntaxHighlighting(colours), indent]);
}
