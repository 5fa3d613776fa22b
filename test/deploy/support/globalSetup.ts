import { installMissing } from "./debianPackages.ts"
import { buildImage } from "./Image.ts"

/** Runs once before the tests of the deployment: the tools they need, and the image they run. */
export const setup = (): void => {
  installMissing({
    buildah: "buildah",
    debootstrap: "debootstrap",
    kubectl: "kubernetes-client",
    "systemd-analyze": "systemd",
    nsenter: "util-linux"
  })
  buildImage()
}
