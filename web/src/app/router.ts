/** All pages. The resident's come first and light; staff and room pages load when they are opened. */

import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from "vue-router";
import { residentRoutes } from "@/resident/routes";
import { roomRoutes } from "@/room/routes";
import { staffRoutes } from "@/staff/routes";
import type { Part, Texts } from "./i18n";
import { applyAppearance, readPreferences, type Area } from "./preferences";

declare module "vue-router" {
  interface RouteMeta {
    /** Which shell, texts and look the page has; the parent route sets it for all below. */
    area?: Area;
    /** Texts that the page needs, where they are not those of its area. */
    texts?: readonly Part[];
    /** Key of the page's title in the texts of its area. */
    title?: string;
    /** The page makes sense only for somebody who is signed in. */
    guarded?: boolean;
  }
}

function galleryRoutes(): RouteRecordRaw[] {
  if (!__GALLERY__) return [];
  const metaOf = (area: Area) => ({ area, texts: [area, "gallery"] as const });
  return [
    { path: "/gallery", component: () => import("@/gallery/ResidentGallery.vue"), meta: metaOf("resident") },
    { path: "/gallery/staff", component: () => import("@/gallery/StaffGallery.vue"), meta: metaOf("staff") },
    { path: "/gallery/room", component: () => import("@/gallery/RoomGallery.vue"), meta: metaOf("room") },
  ];
}

export function createPages(texts: Texts): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes: [...galleryRoutes(), ...staffRoutes, ...roomRoutes, ...residentRoutes],
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- its successor is still marked experimental
    scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? {} : { top: 0 }),
  });
  const ready = new WeakMap<object, Promise<unknown>>();
  router.beforeEach((to) => {
    const area = to.meta.area ?? "resident";
    applyAppearance(readPreferences(), area);
    // Not awaited here: the page's code loads at the same time.
    ready.set(to, Promise.all((to.meta.texts ?? [area]).map((part) => texts.load(part))));
  });
  router.beforeResolve(async (to) => {
    await ready.get(to);
  });
  router.afterEach((to) => {
    const name = texts.translate("app.name");
    document.title = to.meta.title === undefined ? name : `${texts.translate(to.meta.title)} · ${name}`;
  });
  return router;
}
