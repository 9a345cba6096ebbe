import "../../base/typescript/register.mjs";

/*
 * For mocha and its workers, before anything else: test files are TypeScript, and imported. Where Node can require ES modules, mocha tries that
 * first: of a module that a test imports later there would be two copies.
 */
Object.defineProperty(process.features, "require_module", { value: false });
