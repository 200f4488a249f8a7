/** What a content security policy allows a page to reach. */

/** What they name is in the page or comes from its own host. */
const WITHIN =
  /^('none'|'self'|'unsafe-inline'|'report-sample'|'(nonce|sha\d+)-[^']+'|data:|blob:)$/i;
/** Without them anything is allowed: form-action does not fall back on default-src. */
const NEEDED = ['default-src', 'form-action'];

/**
 * Whether the policy keeps the page from every other place: by default it allows nothing or the own
 * host, and no directive names more. Of several policies, parted by commas, each has to be kept.
 */
export function isClosedPolicy(policies: string): boolean {
  return policies.split(',').some((policy) => {
    const directives = policy
      .split(';')
      .map((directive) => directive.trim().split(/\s+/))
      .filter(([name]) => name !== '');
    const names = new Set(directives.map(([name = '']) => name.toLowerCase()));
    return (
      NEEDED.every((name) => names.has(name)) &&
      directives.every(([, ...sources]) => sources.every((source) => WITHIN.test(source)))
    );
  });
}
