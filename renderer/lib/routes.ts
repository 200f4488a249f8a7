/** Every screen's address: `#/runs/<id>?tab=log`. */

export type Route =
  | { readonly page: 'projects' }
  | { readonly page: 'new-project'; readonly draft?: string }
  | { readonly page: 'project'; readonly id: string }
  | { readonly page: 'runs'; readonly filter?: string }
  | { readonly page: 'run'; readonly id: string; readonly tab?: string }
  | { readonly page: 'compare'; readonly runs: readonly string[] }
  | { readonly page: 'models' }
  | { readonly page: 'model'; readonly id: string }
  | { readonly page: 'corpora' }
  | { readonly page: 'corpus'; readonly id: string }
  | { readonly page: 'playground'; readonly models?: readonly string[] }
  | { readonly page: 'system' }
  | { readonly page: 'gallery' }
  | { readonly page: 'not-found'; readonly path: string };

export type Page = Route['page'];

/** Reads the part of an address after `#`. */
export function parseRoute(hash: string): Route {
  const text = hash.replace(/^#/, '');
  const [path = '', search = ''] = splitOnce(text, '?');
  const query = new URLSearchParams(search);
  const [place, id, ...more] = path
    .split('/')
    .filter((segment) => segment !== '')
    .map(decode);
  if (more.length > 0) return { page: 'not-found', path };
  const route = id === undefined ? listRoute(place, query) : itemRoute(place, id, query);
  return route ?? { page: 'not-found', path };
}

function listRoute(place: string | undefined, query: URLSearchParams): Route | undefined {
  switch (place) {
    case undefined:
    case 'projects':
      return { page: 'projects' };
    case 'runs':
      return { page: 'runs', ...optional('filter', query.get('filter')) };
    case 'compare':
      return { page: 'compare', runs: list(query.get('runs')) };
    case 'models':
    case 'corpora':
    case 'system':
    case 'gallery':
      return { page: place };
    case 'playground': {
      const models = list(query.get('models'));
      return { page: 'playground', ...(models.length === 0 ? {} : { models }) };
    }
    default:
      return undefined;
  }
}

function itemRoute(
  place: string | undefined,
  id: string,
  query: URLSearchParams,
): Route | undefined {
  switch (place) {
    case 'projects':
      if (id === 'new') return { page: 'new-project', ...optional('draft', query.get('draft')) };
      return { page: 'project', id };
    case 'runs':
      return { page: 'run', id, ...optional('tab', query.get('tab')) };
    case 'models':
      return { page: 'model', id };
    case 'corpora':
      return { page: 'corpus', id };
    default:
      return undefined;
  }
}

/** The address of a route, with its `#`. */
export function routeAddress(route: Route): string {
  switch (route.page) {
    case 'new-project':
      return `#/projects/new${query({ draft: route.draft })}`;
    case 'project':
      return `#/projects/${encodeURIComponent(route.id)}`;
    case 'runs':
      return `#/runs${query({ filter: route.filter })}`;
    case 'run':
      return `#/runs/${encodeURIComponent(route.id)}${query({ tab: route.tab })}`;
    case 'compare':
      return `#/compare${query({ runs: route.runs.join(',') })}`;
    case 'model':
      return `#/models/${encodeURIComponent(route.id)}`;
    case 'corpus':
      return `#/corpora/${encodeURIComponent(route.id)}`;
    case 'playground':
      return `#/playground${query({ models: route.models?.join(',') })}`;
    case 'not-found':
      return `#${route.path}`;
    case 'projects':
    case 'models':
    case 'corpora':
    case 'system':
    case 'gallery':
      return `#/${route.page}`;
  }
}

const splitOnce = (text: string, separator: string): [string, string] => {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
};

/** An address that a person mistyped is not an error but a page that is not there. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

const list = (text: string | null): string[] =>
  (text ?? '').split(',').filter((part) => part !== '');

function optional<Key extends string>(
  key: Key,
  value: string | null,
): Partial<Record<Key, string>> {
  return value === null || value === '' ? {} : ({ [key]: value } as Record<Key, string>);
}

function query(values: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(values).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  if (given.length === 0) return '';
  // Commas stay readable; URLSearchParams reads them all the same.
  return `?${new URLSearchParams(given).toString().replaceAll('%2C', ',')}`;
}
