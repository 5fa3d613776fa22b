/** The address of a server's resource: the path goes behind the base's own, before its query (F5). */
export const endpointUrl = (baseUrl: string, path: `/${string}`): string => {
  const url = new URL(baseUrl)
  url.pathname = url.pathname.replace(/\/+$/, "") + path
  url.hash = ""
  return url.href
}

/** The target of a redirect, if it has a valid one. */
export const redirectTarget = (from: string, location: string | undefined): URL | undefined =>
  location !== undefined && URL.canParse(location, from) ? new URL(location, from) : undefined

/** URLs copied from an API's reference: the server's own paths are appended to the configured base. */
export const resourceSuffix = (baseUrl: string): string | undefined =>
  /\/(?:(?:chat\/)?completions|models|responses)\/*$/i.exec(new URL(baseUrl).pathname)?.[0]
