/** What staff pages read, read as every page reads. */

export * from "@/app/loading";
