/** The address of a server's resource: the path goes behind the base's own, before its query (F5). */
export const endpointUrl = (baseUrl: string, path: `/${string}`): string => {
  const url = new URL(baseUrl)
  url.pathname = url.pathname.replace(/\/+$/, "") + path
  url.hash = ""
  return url.href
}

/** Where a redirect leads, if it names a place at all. */
export const redirectTarget = (from: string, location: string | undefined): URL | undefined =>
  location !== undefined && URL.canParse(location, from) ? new URL(location, from) : undefined

/** Addresses that people copy from an API's reference: the server's own paths are added to what they give. */
export const resourceSuffix = (baseUrl: string): string | undefined =>
  /\/(?:(?:chat\/)?completions|models|responses)\/*$/i.exec(new URL(baseUrl).pathname)?.[0]
