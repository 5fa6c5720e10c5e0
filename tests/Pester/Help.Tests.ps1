BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    $commands = Get-Command -Module RemoteDispatch
    $common = [System.Management.Automation.Cmdlet]::CommonParameters

    function Get-OwnParameter($Command) {
        $Command.Parameters.Values | Where-Object Name -NotIn $common
    }

    function Get-HelpText($Part) {
        # Get-Help's objects know how to show themselves; this is what a reader sees.
        ($Part | Out-String -Width 500).Trim()
    }

    function Get-Pipe($Parameter) {
        $binding = @(
            if ($Parameter.ValueFromPipeline) { 'ByValue' }
            if ($Parameter.ValueFromPipelineByPropertyName) { 'ByPropertyName' }
        )
        $binding ? "True ($($binding -join ', '))" : 'False'
    }

    function Get-Topic([string] $Name) {
        Get-Content "$env:RD_PESTER_MODULE/en-US/$Name.help.txt"
    }

    $topics = 'about_RemoteDispatch', 'about_RemoteDispatch_Hosts', 'about_RemoteDispatch_Security', 'about_RemoteDispatch_Errors', 'about_RemoteDispatch_Agents'
}

Describe 'Get-Help of a cmdlet' {
    It 'begins with a synopsis that is a sentence, and not the syntax' {
        foreach ($command in $commands) {
            $synopsis = (Get-Help $command.Name).Synopsis.Trim()
            $synopsis | Should -Match '^[A-Z].{15,100}\.$' -Because "of $command"
            $synopsis | Should -Not -Match "$command|\[|<" -Because "of $command"
        }
    }

    It 'has a description' {
        foreach ($command in $commands) { (Get-HelpText (Get-Help $command.Name).Description).Length | Should -BeGreaterThan 150 -Because "of $command" }
    }

    It 'says what it takes, what it emits, and what else to read' {
        foreach ($command in $commands) {
            $help = Get-Help $command.Name
            Get-HelpText $help.inputTypes.inputType | Should -Not -BeNullOrEmpty -Because "of $command"
            $emits = @($help.returnValues.returnValue.type.name)
            foreach ($type in $command.OutputType.Name) { $emits | Should -Contain $type -Because "of $command" }
            $links = @($help.relatedLinks.navigationLink.linkText)
            $links.Count | Should -BeGreaterThan 1 -Because "of $command"
            foreach ($link in $links) { $commands.Name + $topics | Should -Contain $link -Because "$command links to it" }
        }
    }

    It 'explains every parameter' {
        foreach ($command in $commands) {
            foreach ($parameter in Get-OwnParameter $command) {
                $help = Get-Help $command.Name -Parameter $parameter.Name
                (Get-HelpText $help.description).Length | Should -BeGreaterThan 10 -Because "of $command -$($parameter.Name)"
            }
        }
    }

    It 'explains no parameter that is not there' {
        foreach ($command in $commands) {
            (Get-Help $command.Name -Parameter *).name | Sort-Object | Should -Be ((Get-OwnParameter $command).Name | Sort-Object) -Because "of $command"
        }
    }

    It 'says of a parameter what is true: type, place, pipeline, aliases, wildcards' {
        foreach ($command in $commands) {
            foreach ($parameter in Get-OwnParameter $command) {
                # Of a parameter that stands in several sets, the default set's view.
                $sets = $command.ParameterSets | Sort-Object { -not $_.IsDefault }
                $real = @($sets.Parameters.Where({ $_.Name -eq $parameter.Name }))[0]
                $help = Get-Help $command.Name -Parameter $parameter.Name
                $what = "of $command -$($parameter.Name)"
                $help.required | Should -Be "$($real.IsMandatory)" -Because $what
                $help.position | Should -Be ($real.Position -lt 0 ? 'named' : "$($real.Position)") -Because $what
                $help.pipelineInput | Should -Be (Get-Pipe $real) -Because $what
                $help.aliases | Should -Be ($real.Aliases ? $real.Aliases -join ', ' : 'none') -Because $what
                $help.globbing | Should -Be "$($parameter.Attributes.Where({ $_ -is [System.Management.Automation.SupportsWildcardsAttribute] }).Count -gt 0)" -Because $what
                $type = [Nullable]::GetUnderlyingType($parameter.ParameterType) ?? $parameter.ParameterType
                $type.Name, ([psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators')::Get.GetEnumerator().Where({ $_.Value -eq $type }).Key) |
                    ForEach-Object { $_ } | Should -Contain ($help.type.name -replace '^string\[\]$', 'String[]') -Because $what
            }
        }
    }

    It 'shows the syntax of every parameter set, with all its parameters' {
        foreach ($command in $commands) {
            $shown = @((Get-Help $command.Name).syntax.syntaxItem)
            $shown.Count | Should -Be $command.ParameterSets.Count -Because "of $command"
            $lists = $shown | ForEach-Object { ($_.parameter.name | Sort-Object) -join ' ' }
            foreach ($set in $command.ParameterSets) {
                $lists | Should -Contain (($set.Parameters.Name | Where-Object { $_ -notin $common } | Sort-Object) -join ' ') -Because "of $command, set $($set.Name)"
            }
        }
    }

    It 'has at least three examples, each with a title and an explanation' {
        foreach ($command in $commands) {
            $examples = @((Get-Help $command.Name).examples.example)
            $examples.Count | Should -BeGreaterOrEqual 3 -Because "of $command"
            foreach ($example in $examples) {
                $example.code | Should -Match $command.Name -Because "of $command"
                $example.title | Should -Match 'Example \d+: \w' -Because "of $command"
                Get-HelpText $example.remarks | Should -Match '\.$' -Because "of $($example.code)"
            }
            Get-HelpText (Get-Help $command.Name -Examples) | Should -Match ([regex]::Escape(($examples[0].code -split "`n")[0]))
        }
    }
}

Describe 'Get-Help of a topic' {
    It 'finds each of them by its name' {
        foreach ($topic in $topics) { Get-Help $topic | Out-String | Should -Match "(?s)^\s*TOPIC\s+$topic\s.*SHORT DESCRIPTION" -Because "of $topic" }
    }

    It 'finds all topics that are shipped, and no other' {
        (Get-ChildItem "$env:RD_PESTER_MODULE/en-US/about_*.help.txt").Name -replace '\.help\.txt$' | Sort-Object | Should -Be ($topics | Sort-Object)
    }

    It 'fits a terminal of 80 columns' {
        foreach ($topic in $topics) { Get-Topic $topic | Where-Object Length -GT 80 | Should -BeNullOrEmpty -Because "of $topic" }
    }

    It 'names only cmdlets and topics that are there' {
        foreach ($topic in $topics) {
            $named = [regex]::Matches((Get-Topic $topic) -join "`n", '\b([A-Z][a-z]+-(DispatchHost|RemoteTask)\w*|about_RemoteDispatch\w*)').Value | Sort-Object -Unique
            foreach ($name in $named) { $commands.Name + $topics | Should -Contain $name -Because "$topic names it" }
        }
    }
}

Describe 'The table of error ids' {
    BeforeAll {
        $rows = @(Get-Topic about_RemoteDispatch_Errors | ForEach-Object {
                if ($_ -match '^    (?<Id>[A-Z]\w+) +(?<Category>[A-Z]\w+) +(?<Code>\d{3})$') { [pscustomobject]$Matches }
            })
    }

    It 'lists every reason, and no other' {
        $rows.Id | Sort-Object | Should -Be ([enum]::GetNames([RemoteDispatch.FailureReason]) | Sort-Object)
    }

    It 'says of each the category that its records have' {
        $map = [RemoteDispatch.PowerShell.Tasks.TaskCommand].Assembly.GetType('RemoteDispatch.PowerShell.Binding.Failures').GetMethod('ToErrorRecord')
        foreach ($row in $rows) {
            $failure = [RemoteDispatch.DispatchException]::new($row.Id, 'what failed', 'what to do')
            $record = $map.Invoke($null, @($failure, 'target'))
            $record.CategoryInfo.Category | Should -Be $row.Category -Because "of $($row.Id)"
            $record.FullyQualifiedErrorId | Should -Be $row.Id
        }
    }

    It 'says of each what it means and what to do' {
        $text = (Get-Topic about_RemoteDispatch_Errors) -join "`n"
        foreach ($row in $rows) {
            $text | Should -Match "(?m)^    $($row.Id) .*\n      [A-Z][^\n]+(\n      (?!To do)[^\n]+)*\n      To do: [A-Z]" -Because "of $($row.Id)"
        }
    }

    It 'has the exit codes that rdispatch has' {
        $source = Get-Content "$PSScriptRoot/../../src/RemoteDispatch.Cli/ExitCodes.cs" -Raw
        foreach ($row in $rows) {
            $source -match "(?s)FailureReason\.$($row.Id)\b[^>]*=> (?<Name>\w+)" | Should -BeTrue -Because "of $($row.Id)"
            $source | Should -Match "int $($Matches.Name) = $($row.Code);" -Because "of $($row.Id)"
        }
    }
}
