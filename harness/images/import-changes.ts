import type { ImageRecipe } from "./image-recipe.ts";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The Dockerfile instructions that `docker import --change` takes, one per line, so that the image starts as the
 * recipe says. Values are quoted; `$` is escaped because the engine expands variables in them.
 */
export function recipeChanges(recipe: ImageRecipe, labels: Readonly<Record<string, string>>): string[] {
  const environment = { PATH: DEFAULT_PATH, ...recipe.environment };
  return [
    ...Object.entries(environment).map(([name, value]) => `ENV ${name}=${quote(value)}`),
    `ENTRYPOINT ${JSON.stringify(recipe.entrypoint)}`,
    ...(recipe.command.length > 0 ? [`CMD ${JSON.stringify(recipe.command)}`] : []),
    ...(recipe.user.runAs === "image" ? [`USER ${recipe.user.name}`] : []),
    ...recipe.ports.map((port) => `EXPOSE ${port}/tcp`),
    ...(recipe.volumes.length > 0 ? [`VOLUME ${JSON.stringify(recipe.volumes)}`] : []),
    `WORKDIR ${recipe.workingDirectory}`,
    ...Object.entries(labels).map(([name, value]) => `LABEL ${name}=${quote(value)}`),
  ];
}

function quote(value: string): string {
  return `"${value.replace(/[\\"$]/g, (character) => `\\${character}`)}"`;
}
