import { z } from "zod";
import { docker } from "./hosts";
import { word } from "./shared";

/** What the health of a container is given, and what follows from it. */

export const given = z
  .strictObject({
    host: docker.meta({
      description:
        "The container, as the node's `host` has it. It has to have a healthcheck. One that does not run is started.",
    }),
    peer: docker.optional().meta({
      description:
        "The container of the other server, its name as plain text: it may be made after this. While it does not " +
        "exist, or does not run, it is enough that the server in `host` takes connections, because there is " +
        "nothing to catch up with. @default none: the healthcheck alone decides",
    }),
    revision: z
      .string()
      .optional()
      .meta({
        description:
          "Anything that changes when another container takes the place of this one, such as its id. After a change " +
          "its health is waited for again. @default none",
      }),
    deadline: z
      .number()
      .int()
      .min(1)
      .max(86_400)
      .default(300)
      .meta({
        description:
          "Longest wait, in seconds. A server that crashed reads its logs first, and one of a new version may " +
          "convert its tables. A change alone waits for nothing that is healthy.",
      }),
  })
  .meta({
    id: "ContainerHealthInputs",
    description: "Whose health is waited for, before anything goes on that depends on it.",
  });

export const derived = z
  .strictObject({
    state: word("ContainerHealth.state", "What the engine says of the container. Wanted: `healthy`."),
  })
  .meta({
    id: "ContainerHealthDerived",
    description: "What follows for a container's health, to be compared with what is seen.",
  });
