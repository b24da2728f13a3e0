/// <reference types="vite/client" />

/** True in development and in the gallery build, false in what is shipped. */
declare const __GALLERY__: boolean;

// For the linter only: the compiler reads the components themselves.
declare module "*.vue" {
  import type { DefineComponent } from "vue";
  const component: DefineComponent;
  export default component;
}
