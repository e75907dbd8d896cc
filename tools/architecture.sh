# architecture.sh - which architecture build/package is for, so that it is the one that `sam deploy` will ask Lambda for.
# Sourced by package.sh, with the working directory at the top of the tree.
# shellcheck shell=bash

# SAM writes Architecture=\"arm64\", people write Architecture=arm64, and the AWS CLI's long form is read by SAM, too.
set_architecture='Architecture[[:space:]]*(=|,ParameterValue=)[[:space:]]*\\?"?(x86_64|arm64)'

# Lines of samconfig.toml that set it, as "NUMBER:LINE".
lines_of_samconfig() { grep -nE "^[^#]*\b$set_architecture" samconfig.toml; }

template_default() { sed -n '/^  Architecture:/,/Default:/s/^ *Default: *//p' template.yaml; }

# What `sam deploy` would take: each architecture once, a line each. Nothing without samconfig.toml.
deployed() {
    [[ -f samconfig.toml ]] || return 0
    lines_of_samconfig >/dev/null || {
        template_default
        return 0
    }
    lines_of_samconfig | grep -oE "$set_architecture" | grep -oE 'x86_64|arm64' | sort -u
}

disagree() { # disagree NAMED WANTED
    local lines
    lines=$(lines_of_samconfig | cut -c1-100) || lines="(no line: the template's default)"
    die "package --arch $1, but samconfig.toml deploys $2. Change it to Architecture=$1, or package --arch $2:
$lines"
}

# choose_architecture [NAMED]: prints what is to be packaged.
choose_architecture() {
    local named=${1:-} wanted
    mapfile -t wanted < <(deployed)
    if ((${#wanted[@]} == 0)); then
        echo "${named:-$(here)}"
    elif [[ -z $named ]]; then
        ((${#wanted[@]} == 1)) || die "samconfig.toml deploys both x86_64 and arm64: say which with package --arch"
        echo "${wanted[0]}"
    else
        [[ " ${wanted[*]} " == *" $named "* ]] || disagree "$named" "${wanted[*]}"
        echo "$named"
    fi
}

# remember_architecture ARCH: so that the first `sam deploy --guided` proposes what was packaged.
remember_architecture() {
    [[ ! -f samconfig.toml ]] || return 0
    sed "/^#/!s/Architecture=arm64/Architecture=$1/" samconfig.example.toml >samconfig.toml
    say "samconfig.toml written: sam deploys for $1"
}

# guard ARCH: a template that is content with this architecture alone. template.yaml nests it in front of everything that runs
# our code, so a deployment for another one ends before it has changed anything.
guard() {
    cat <<T
# Written by ./build.sh package. What lies beside this file is for $1.
AWSTemplateFormatVersion: '2010-09-09'
Description: 'Narae: a deployment for another architecture than the packaged one ends here'

Parameters:
  Architecture:
    Type: String
    AllowedValues: [$1]
    ConstraintDescription: must be $1, which is what build/package was made for (./build.sh package --arch ...)
    Description: 'What template.yaml is deployed for'

Resources:
  # A stack must have a resource. This one is nothing, and costs nothing.
  Nothing:
    Type: AWS::CloudFormation::WaitConditionHandle

Outputs:
  Architecture:
    Description: 'What was packaged, and deployed'
    Value: !Ref Architecture
T
}
