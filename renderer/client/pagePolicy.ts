/**
 * The content security policy that the host sends with the page, asked of the host itself. Undefined
 * where the host does not say. XMLHttpRequest, as for files: `fetch` is forbidden everywhere.
 */
export function readPagePolicy(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.onload = () => {
      resolve(request.getResponseHeader('content-security-policy') ?? undefined);
    };
    request.onerror = () => {
      resolve(undefined);
    };
    request.open('GET', window.location.pathname);
    request.send();
  });
}
