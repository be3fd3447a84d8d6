"""Prints the server's API description with what it leaves out for the sake of generators, so that
schemathesis may hold every request and answer against it: answers have no other members than those
described, and what is optional in a request may also be null or empty. Argument: the server's URL."""
import json
import sys
import urllib.request


def loosened(schema):
    """What an optional field takes: "" counts as absent where a text must be one of a few."""
    return {"anyOf": [schema, {"type": "null"}] + ([{"const": ""}] if "$ref" in schema else [])}


def main():
    with urllib.request.urlopen(sys.argv[1] + "/api/v2/openapi.json") as answer:
        document = json.load(answer)
    for path in [each for each, item in document["paths"].items() if "servers" in item]:
        del document["paths"][path]  # not below the base, and nothing to vary

    bodies = set()
    for item in document["paths"].values():
        for operation in item.values():
            if body := operation.get("requestBody"):
                bodies.add(body["content"]["application/json"]["schema"]["$ref"].split("/")[-1])
            for parameter in operation["parameters"]:
                schema = parameter["schema"]
                if schema["type"] == "boolean":  # any other text is false
                    parameter["schema"] = {"type": "string", "examples": ["true"]}
                elif parameter["in"] == "query":  # of repeated ones the first counts
                    parameter["schema"] = {"anyOf": [schema, {"const": ""}, {"type": "array"}]}
    for name, schema in document["components"]["schemas"].items():
        if name not in bodies:
            if "properties" in schema:
                schema["additionalProperties"] = False
            continue
        required = schema.get("required", [])
        for key, field in schema["properties"].items():
            if key not in required:
                schema["properties"][key] = loosened(field)
        if not required:
            schema["type"] = ["object", "null"]
    json.dump(document, sys.stdout)


main()
