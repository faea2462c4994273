"""`make deploy STAGE=sandbox|live`: the zips that `make build` left for the architecture of the stage, by SAM.

Run by the Python of .tools-sam, which has SAM's own readers of samconfig.toml and template.yaml. `sam build` takes no part.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import tomlkit
from samcli.cli.types import CfnParameterOverridesType
from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).resolve().parent.parent
ZIPS = ROOT / "target" / "lambda"


def given(stage: str) -> dict[str, str]:
    """Values of the template's parameters in samconfig.toml, in whichever form they stand there."""
    config = tomlkit.parse((ROOT / "samconfig.toml").read_text()).unwrap()
    overrides = config[stage]["deploy"]["parameters"].get("parameter_overrides", "")
    return CfnParameterOverridesType().convert(overrides, None, None)


def architecture(stage: str, template: dict) -> str:
    return given(stage).get("Architecture", template["Parameters"]["Architecture"]["Default"])


def put_in_place(arch: str, template: dict) -> str:
    """Copies the zips of one architecture to where the template looks, each only if it is what its checksum says.

    Returns the checksums.
    """
    build = f"make build ARCH={arch}"
    sums = ZIPS / arch / "SHA256SUMS"
    if not sums.exists():
        sys.exit(f"There are no zips for {arch}: {build}")
    expected = {name: digest for digest, name in (line.split() for line in sums.read_text().splitlines())}
    resources = template["Resources"].values()
    places = [r["Properties"]["CodeUri"] for r in resources if r["Type"] == "AWS::Serverless::Function"]
    for place in map(ROOT.joinpath, places):
        if place.name != "bootstrap.zip":
            sys.exit(f"CodeUri {place.relative_to(ROOT)} is no zip: SAM would zip it once more")
        zipped = ZIPS / arch / f"{place.parent.name}.zip"
        digest = hashlib.sha256(zipped.read_bytes()).hexdigest() if zipped.exists() else None
        if digest is None or digest != expected.get(zipped.name):
            sys.exit(f"{zipped.relative_to(ROOT)} is not what {sums.relative_to(ROOT)} says: {build}")
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(zipped, place)
        print(f"{digest}  {zipped.relative_to(ROOT)}")
    return sums.read_text()


def overrides(values: dict[str, str], sums: str) -> list[str]:
    """The parameters as arguments of SAM; with a Release that differs whenever code, template or a parameter does.

    Without one, functions would be published anew, and so take their parameters, only when their code changes.
    """
    values = {name: value for name, value in values.items() if name != "Release"}
    said = repr((sums, (ROOT / "template.yaml").read_text(), sorted(values.items())))
    values["Release"] = hashlib.sha256(said.encode()).hexdigest()
    quoted = {name: value.replace('"', r"\"") for name, value in values.items()}
    return [f'{name}="{value}"' for name, value in quoted.items()]


def main(stage: str) -> int:
    if stage not in ("sandbox", "live"):
        sys.exit("usage: make deploy STAGE=sandbox|live")
    if given(stage).get("Environment") != stage:
        sys.exit(f"samconfig.toml: the stage {stage} must have Environment {stage}")
    template = yaml_parse((ROOT / "template.yaml").read_text())
    parameters = template["Parameters"].items()
    missing = [name for name, parameter in parameters if "Default" not in parameter and name not in given(stage)]
    in_ci = os.environ.get("CI") == "true"
    if missing and in_ci:
        sys.exit(f"samconfig.toml: the stage {stage} lacks {', '.join(missing)}")
    arch = architecture(stage, template)
    sums = put_in_place(arch, template)

    command = [ROOT / ".tools-sam/bin/sam", "deploy", "--config-env", stage, "--template-file", "template.yaml"]
    command += ["--parameter-overrides", *overrides(given(stage), sums)]
    if missing:
        print(f"\nsamconfig.toml lacks {', '.join(missing)}: SAM asks for every parameter. Enter takes what stands in brackets.")
        command.append("--guided")
    elif in_ci:
        command.append("--no-confirm-changeset")
    status = subprocess.run(command, cwd=ROOT, env=os.environ | {"SAM_CLI_TELEMETRY": "0"}).returncode
    if status == 0 and architecture(stage, template) != arch:
        sys.exit(f"The answer was {architecture(stage, template)}, but these are the zips for {arch}: make build and deploy again")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
