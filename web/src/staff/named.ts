/** A text for a code that the server may extend before these texts do: the code itself until then. */

import { useI18n } from "vue-i18n";

export function useNamed(): (area: string, code: string) => string {
  const i18n = useI18n();
  return (area, code) => {
    const key = `${area}.${code}`;
    return i18n.te(key) ? i18n.t(key) : code;
  };
}
