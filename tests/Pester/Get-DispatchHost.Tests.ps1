BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    Add-DispatchHost gpu1 deploy@gpu1.example.com -Capability gpu, os=linux
    Add-DispatchHost gpu2 gpu2.example.com -Capability gpu, os=macos
    Add-DispatchHost web-1 web1.example.com -Capability web
}

Describe 'Get-DispatchHost' {
    It 'gives all hosts, this machine first' {
        (Get-DispatchHost).Name | Should -Be 'local', 'gpu1', 'gpu2', 'web-1'
        (Get-DispatchHost local).Transport | Should -Be 'Local'
    }

    It 'takes names in any case, and wildcards' {
        (Get-DispatchHost GPU*).Name | Should -Be 'gpu1', 'gpu2'
        (Get-DispatchHost gpu1, web-?).Name | Should -Be 'gpu1', 'web-1'
        (Get-DispatchHost 'nothing*') | Should -BeNullOrEmpty
    }

    It 'takes groups and sets' {
        (Get-DispatchHost '@gpu').Name | Should -Be 'gpu1', 'gpu2'
        (Get-DispatchHost '@gpu!gpu1').Name | Should -Be 'gpu2'
        (Get-DispatchHost '@gpu&@os=linux').Name | Should -Be 'gpu1'
        (Get-DispatchHost gpu[1-2], web-[1-1]).Name | Should -Be 'gpu1', 'gpu2', 'web-1'
        (Get-DispatchHost '@*').Name | Should -Be 'gpu1', 'gpu2', 'web-1' -Because 'this machine is no entry'
        (Get-DispatchHost '@gpu' -Capability os=macos).Name | Should -Be 'gpu2'
        Get-DispatchHost '@nothing' -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'tells what is wrong with a set, and where' {
        { Get-DispatchHost 'gpu[1-' -ErrorAction Stop } | Should -Throw '*bracket at 4*' -ErrorId 'InvalidInput,*'
        { Get-DispatchHost 'gpu[1-3]' -ErrorAction Stop } | Should -Throw '*gpu3*' -ErrorId 'HostNotFound,*'
        { Get-DispatchHost 'deploy@gpu1' -ErrorAction Stop } | Should -Throw -ErrorId 'HostNotFound,*'
    }

    It 'takes names from the pipeline' {
        ('gpu2', 'gpu1' | Get-DispatchHost).Name | Should -Be 'gpu2', 'gpu1'
        ([pscustomobject]@{ ComputerName = 'gpu1' } | Get-DispatchHost).Name | Should -Be 'gpu1'
    }

    It 'gives only hosts that have all capabilities' {
        (Get-DispatchHost -Capability gpu).Name | Should -Be 'gpu1', 'gpu2'
        (Get-DispatchHost -Capability GPU, os=macos).Name | Should -Be 'gpu2'
        Get-DispatchHost -Capability nothing | Should -BeNullOrEmpty
    }

    It 'tells of a name that is not there, and goes on' {
        $found = Get-DispatchHost nobody, gpu1 -ErrorAction SilentlyContinue -ErrorVariable failure
        $found.Name | Should -Be 'gpu1'
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -Be 'HostNotFound,RemoteDispatch.PowerShell.Hosts.GetDispatchHostCommand'
        $failure[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failure[0].TargetObject | Should -Be 'nobody'
    }

    It 'prints as its name, and shows as a table with the address and the capabilities' {
        "$(Get-DispatchHost gpu1)" | Should -Be 'gpu1'
        $shown = Get-DispatchHost gpu1 | Out-String -Width 120
        $shown | Should -Match 'deploy@gpu1\.example\.com'
        $shown | Should -Match 'gpu os=linux'
    }

    It 'reads the file that existing scripts have written' {
        $mine = $env:REMOTE_DISPATCH_HOSTS_FILE
        try {
            $env:REMOTE_DISPATCH_HOSTS_FILE = "$Sandbox/other.json"
            '{"hosts": {"gpu-server": {"address": "192.168.1.100", "transport": "ssh", "container": "auto", "user": "", "added": "2026-02-21T10:00:00Z"}}}' |
                Set-Content $env:REMOTE_DISPATCH_HOSTS_FILE
            $found = Get-DispatchHost gpu-server
            "$($found.Address)" | Should -Be '192.168.1.100'
            "$($found.Container)" | Should -Be 'auto'
            $found.Added.UtcDateTime | Should -Be ([datetime]'2026-02-21T10:00:00')
        }
        finally {
            $env:REMOTE_DISPATCH_HOSTS_FILE = $mine
        }
    }

    It 'tells of a damaged file by its path' {
        $mine = $env:REMOTE_DISPATCH_HOSTS_FILE
        try {
            $env:REMOTE_DISPATCH_HOSTS_FILE = "$Sandbox/damaged.json"
            '{"hosts": [' | Set-Content $env:REMOTE_DISPATCH_HOSTS_FILE
            { Get-DispatchHost -ErrorAction Stop } | Should -Throw '*damaged.json*' -ErrorId 'DamagedFile,*'
        }
        finally {
            $env:REMOTE_DISPATCH_HOSTS_FILE = $mine
        }
    }

    It 'completes host names' {
        (Get-Completion 'Get-DispatchHost gp').CompletionText | Should -Be 'gpu1', 'gpu2'
        (Get-Completion 'Get-DispatchHost gpu1')[0].ToolTip | Should -Match 'gpu1\.example\.com'
    }

    It 'completes groups behind an at sign, and the last operand of a set' {
        (Get-Completion "Get-DispatchHost '@").CompletionText | Should -Be "'@gpu'", "'@os=linux'", "'@os=macos'", "'@web'"
        (Get-Completion "Get-DispatchHost '@os=l'").CompletionText | Should -Be "'@os=linux'"
        (Get-Completion "Get-DispatchHost '@gpu")[0].ToolTip | Should -Match 'gpu1, gpu2'
        (Get-Completion "Get-DispatchHost '@gpu!gp").CompletionText | Should -Be "'@gpu!gpu1'", "'@gpu!gpu2'"
        (Get-Completion "Invoke-RemoteTask x 'web-1,@g").CompletionText | Should -Be "'web-1,@gpu'"
        (Get-Completion "Test-DispatchHost '@gpu & @os=m").CompletionText | Should -Be "'@gpu & @os=macos'"
        (Get-Completion 'Get-DispatchHost gpu1, we').CompletionText | Should -Be 'web-1'
    }

    It 'completes capabilities, each once' {
        (Get-Completion 'Get-DispatchHost -Capability ').CompletionText | Should -Be 'gpu', 'os=linux', 'os=macos', 'web'
        (Get-Completion 'Get-DispatchHost -Capability gp')[0].ToolTip | Should -Match 'gpu1, gpu2'
    }
}
